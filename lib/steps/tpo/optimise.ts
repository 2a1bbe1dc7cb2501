/**
 * One question of test-time preference optimisation (Li et al. 2025). Sample N answers, score them; the model itself
 * says what makes the best better than the worst, and how to edit it; N answers are written after that advice; D times,
 * always with the best and the worst of all seen so far. The loop is that of the official code; the score is an
 * annotator's share of right sentences where it has a reward model, and the advice is asked for in words of our own.
 */
import { z } from "zod";
import type { Annotator } from "../../factuality/annotator";
import { sentenceSchema, type Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import type { Reply } from "../../server/wire";
import type { Message } from "../../text/message";

const count = z.number().int().nonnegative();
const answerSchema = z
  .object({ round: count, completion: z.string(), sentences: z.array(sentenceSchema), score: z.number() })
  .strict();
export const optimisedSchema = z
  .object({
    questionId: z.string(),
    answers: z.array(answerSchema).min(1),
    /** of each round after the first */
    advice: z.array(z.object({ critique: z.string(), edits: z.string() }).strict()),
    promptTokens: count,
    completionTokens: count,
  })
  .strict();
/** All that was written about one question. */
export type Optimised = z.output<typeof optimisedSchema>;
type Answer = z.output<typeof answerSchema>;

/** So many replies to messages. @param label names the streams of their seeds */
export type AskFor = (messages: readonly Message[], n: number, label: string) => Promise<Reply[]>;

/** N answers a round, and D rounds after the first. */
export interface OptimiseSize {
  samples: number;
  rounds: number;
}

/** The loop for one question. */
export async function optimise(
  askFor: AskFor,
  annotator: Annotator,
  question: Question,
  { samples, rounds }: OptimiseSize,
): Promise<Optimised> {
  const out: Optimised = { questionId: question.id, answers: [], advice: [], promptTokens: 0, completionTokens: 0 };
  const ask: (...args: Parameters<AskFor>) => Promise<string[]> = async (...args) => {
    const replies = await askFor(...args);
    for (const { promptTokens, completionTokens } of replies) {
      out.promptTokens += promptTokens;
      out.completionTokens += completionTokens;
    }
    return replies.map(({ text }) => text);
  };
  const judge = async (round: number, texts: readonly string[]): Promise<void> => {
    for (const completion of texts) {
      const sentences = await annotator.annotate(question, completion);
      const plain = sentences.map(({ start, end, verdict }) => ({ start, end, verdict }));
      out.answers.push({ round, completion, sentences: plain, score: factualityScore(plain) ?? 0 });
    }
  };
  await judge(0, await ask(question.prompt, samples, "answer 0"));
  for (let round = 1; round <= rounds; round++) {
    const [best, worst] = [bestOf(out.answers), worstOf(out.answers)];
    const [critique] = await ask(critiquePrompt(question, best, worst), 1, `critique ${round}`);
    const [edits] = await ask(editPrompt(question, best, critique!), 1, `edits ${round}`);
    out.advice.push({ critique: critique!, edits: edits! });
    await judge(round, await ask(revisionPrompt(question, best, edits!), samples, `answer ${round}`));
  }
  return out;
}

/** The first of the highest; the last of the lowest: two answers where there are two. */
export const bestOf = (answers: readonly Answer[]): Answer => answers.reduce((a, b) => (b.score > a.score ? b : a));
const worstOf = (answers: readonly Answer[]): Answer => answers.reduce((a, b) => (b.score <= a.score ? b : a));

const said = ({ prompt }: Question): string =>
  prompt.length === 1 ? prompt[0]!.content : prompt.map(({ role, content }) => `${role}: ${content}`).join("\n");
const asUser = (...parts: string[]): Message[] => [{ role: "user", content: parts.join("\n\n") }];

function critiquePrompt(question: Question, best: Answer, worst: Answer): Message[] {
  return asUser(
    `Here is a question with two answers. The first was judged better than the second.`,
    `Question:\n${said(question)}`,
    `Better answer:\n${best.completion}`,
    `Worse answer:\n${worst.completion}`,
    "Compare them point by point: what is right in the better one, what is wrong in the worse one, and what is still " +
      "wrong in the better one? Be brief. Do not answer the question yourself.",
  );
}

function editPrompt(question: Question, best: Answer, critique: string): Message[] {
  return asUser(
    `Here is a question, an answer to it, and a critique.`,
    `Question:\n${said(question)}`,
    `Answer:\n${best.completion}`,
    `Critique:\n${critique}`,
    "List the edits that would improve the answer, each in a line. Do not write the answer itself.",
  );
}

function revisionPrompt(question: Question, best: Answer, edits: string): Message[] {
  return asUser(
    `Here is a question, an answer to it, and edits to make.`,
    `Question:\n${said(question)}`,
    `Answer:\n${best.completion}`,
    `Edits:\n${edits}`,
    "Write the improved answer, and nothing else.",
  );
}
