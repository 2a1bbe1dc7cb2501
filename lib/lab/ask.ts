/**
 * Asking policies something: one question to one policy, or the same questions to several, side by side. Answers are
 * judged where somebody can: by Atlas's oracle where a question names one of its topics, or by an annotator given.
 */
import path from "node:path";
import type { Annotator } from "../factuality/annotator";
import type { Question, Sentence } from "../factuality/records";
import { greedySampling, paperSampling } from "../model/generate";
import { withPolicy, startEngineFor, type Policy } from "../model/policy";
import { sampleCandidates } from "../preference/candidate";
import type { Bundle } from "../show/bundle";
import { escapeHtml } from "../show/markup";
import { sentencesHtml, sentencesText, verdictLegend, type JudgedText } from "../show/sentences";
import { loadAtlas } from "../world/atlas";
import { atlasFolder } from "../world/facts";
import { atlasAnnotator } from "../world/oracle";
import { policyNames } from "./session";

/** A loaded policy, the folder of one, or the name of one that ships: "base", "other", "large". */
export type PolicyReference = Policy | string;

export interface AskOptions {
  /** answers to each question; one is greedy, several are sampled as the paper's candidates are (default 1) */
  samples?: number;
  seed?: number;
  /** longest answer in tokens (default 256) */
  maxNewTokens?: number;
  annotator?: Annotator;
}

/** Answers to a question, and what a notebook shows of them. */
export interface Answers extends Bundle {
  question: string;
  /** of each policy, in the order given */
  answers: Record<string, JudgedText[]>;
}

/**
 * Asks one policy: `show(await ask("base", "Where does Brno lie?"))`.
 * @throws UserError for a folder that is no model, or a question longer than the model's positions
 */
export async function ask(policy: PolicyReference, question: string, options: AskOptions = {}): Promise<Answers> {
  const [answers] = await askAll({ answer: policy }, [question], options);
  return answers!;
}

/**
 * Asks several policies the same and lays their answers side by side, a row a question:
 * `show(await compareAnswers({ before: "base", after: folder }, ["Where does Brno lie?"]))`.
 * @throws UserError as `ask`
 */
export async function compareAnswers(
  policies: Readonly<Record<string, PolicyReference>>,
  questions: readonly string[],
  options: AskOptions = {},
): Promise<Bundle & { rows: Answers[] }> {
  const rows = await askAll(policies, questions, options);
  return { ...bundleOf(Object.keys(policies), rows), rows };
}

async function askAll(
  policies: Readonly<Record<string, PolicyReference>>,
  questions: readonly string[],
  options: AskOptions,
): Promise<Answers[]> {
  const rows = questions.map(questionOf);
  const answers: Record<string, JudgedText[]>[] = rows.map(() => ({}));
  for (const [name, reference] of Object.entries(policies)) {
    const all = await withReferred(reference, (policy) => sampled(policy, rows, options));
    for (const [i, completions] of all.entries()) {
      answers[i]![name] = await Promise.all(
        completions.map(async (completion) => ({ completion, sentences: await judged(rows[i]!, completion, options) })),
      );
    }
  }
  return questions.map((question, i) => {
    const own = { question, answers: answers[i]! };
    return { ...bundleOf(Object.keys(policies), [own]), ...own };
  });
}

async function withReferred<T>(reference: PolicyReference, use: (policy: Policy) => Promise<T>): Promise<T> {
  if (typeof reference !== "string") return use(reference);
  const shipped = (policyNames as readonly string[]).includes(reference);
  const dir = shipped ? path.join(atlasFolder, reference) : reference;
  await startEngineFor(dir);
  return withPolicy(dir, use);
}

/** Completions of each question, in order. */
async function sampled(
  policy: Policy,
  questions: readonly Question[],
  { samples = 1, seed = 1, maxNewTokens = 256 }: AskOptions,
): Promise<string[][]> {
  const sampling = { ...(samples === 1 ? greedySampling : paperSampling), maxNewTokens };
  const byQuestion = new Map<string, string[]>();
  for await (const candidates of sampleCandidates(policy, questions, samples, sampling, seed))
    byQuestion.set(
      candidates[0]!.questionId,
      candidates.map(({ completion }) => completion),
    );
  return questions.map(({ id }) => byQuestion.get(id)!);
}

/** A text as a question: of the Atlas topic it names, where it names one. */
function questionOf(content: string, index: number): Question {
  return {
    id: `asked ${index}`,
    topic: topicIn(content) ?? "unknown",
    prompt: [{ role: "user", content }],
  };
}

/** The topic whose name is the longest in the text, as whole words. */
function topicIn(text: string): string | undefined {
  const words = ` ${text.replace(/[^\p{L}\p{M}\p{N}'’.-]+/gu, " ")} `.replace(/[.'’-]+ /g, " ");
  const named = loadAtlas().topics.filter(({ name }) => words.includes(` ${name} `) || words.includes(` ${name}'s `));
  return named.reduce<(typeof named)[number] | undefined>(
    (longest, topic) => (longest && longest.name.length >= topic.name.length ? longest : topic),
    undefined,
  )?.id;
}

async function judged(question: Question, completion: string, { annotator }: AskOptions): Promise<Sentence[]> {
  if (annotator) return annotator.annotate(question, completion);
  return question.topic === "unknown" ? [] : atlasAnnotator(loadAtlas()).annotate(question, completion);
}

/** Said where no sentence has a verdict. */
const unjudged =
  "No verdicts: sentences are judged where the question names a city or country of Atlas as it is written there " +
  "(Brno, New York), or by an `annotator` that is given.";

function bundleOf(names: readonly string[], rows: readonly Pick<Answers, "question" | "answers">[]): Bundle {
  const cell = (inner: string) =>
    `<td style="text-align:left;vertical-align:top;white-space:pre-wrap;line-height:1.8">${inner}</td>`;
  const head = names.map((name) => `<th style="text-align:left">${escapeHtml(name)}</th>`).join("");
  const body = rows.map(
    ({ question, answers }) =>
      `<tr><th colspan="${names.length}" style="text-align:left">${escapeHtml(question)}</th></tr>` +
      `<tr>${names.map((name) => cell(answers[name]!.map(sentencesHtml).join("<hr>"))).join("")}</tr>`,
  );
  const judgements = rows.some(({ answers }) =>
    Object.values(answers)
      .flat()
      .some((text) => text.sentences.length),
  );
  const legend = `<p>${judgements ? verdictLegend() : unjudged}</p>`;
  const text = rows.map(({ question, answers }) =>
    [question, ...names.flatMap((name) => answers[name]!.map((own) => `${name}: ${sentencesText(own)}`))].join("\n"),
  );
  if (!judgements) text.push(unjudged);
  return {
    html: `<div>${legend}<table style="width:100%;table-layout:fixed"><tr>${head}</tr>${body.join("")}</table></div>`,
    text: text.join("\n\n"),
  };
}
