/**
 * Self-consistency without references (FactTune, Tian et al. 2024, §3.2): each atomic fact becomes a question, the
 * policy answers it again and again, and the share of answers that agree is its confidence in the fact.
 *
 * A fact counts as supported from a confidence of 1/2 on; the sentence's verdict follows as in `factScoreAnnotator`.
 * Answers agree when, without case, punctuation and articles, they are the same words or one contains the other.
 * deviates from FactTune: agreement is with what the fact says, not the share of the most frequent answer, which may
 * be another one; prompts are ours.
 */
import { z } from "zod";
import { allEnded } from "../../server/jobs";
import { atomicFacts } from "./atomicFacts";
import { verdictOfFacts } from "./factScoreAnnotator";
import type { JudgeOf, ServedAnnotator } from "./entry";
import type { Judge } from "./judge";
import { type JudgedFact, type Judgement, llmAnnotator, type LlmAnnotator, unparsed } from "./llmAnnotator";

const enough = 0.5;

const options = z.object({
  answers: z.number().int().min(1).max(10_000).default(20).describe("answers per fact (20 in FactTune)"),
  answerModel: z.string().optional().describe("the model that answers, where it is not the one that judges"),
});

/**
 * @param judge takes sentences apart and puts the questions
 * @param policy answers them at temperature 1
 */
export function selfConsistencyAnnotator(judge: Judge, policy: Judge, answers: number): LlmAnnotator {
  return llmAnnotator("self-consistency", async ({ topic }, sentence): Promise<Judgement> => {
    const facts = await atomicFacts(judge, sentence);
    if (!facts) return unparsed;
    return verdictOfFacts(
      await allEnded(
        facts.map(async (text): Promise<JudgedFact | undefined> => {
          const asked = await judge.ask([{ role: "user", content: questionPrompt(topic, text) }], parseQuestion);
          if (!asked) return undefined;
          const prompt = [{ role: "user" as const, content: answerPrompt(asked.question) }];
          const replies = await allEnded(Array.from({ length: answers }, (_, i) => policy.reply(prompt, 1, i)));
          const confidence = replies.filter((reply) => agree(reply, asked.answer)).length / answers;
          return { text, label: confidence >= enough ? "S" : "NS", confidence };
        }),
      ),
    );
  });
}

export function questionPrompt(topic: string, fact: string): string {
  return `Turn a statement about ${topic} into one question with a single short answer, and give the answer that \
the statement implies. The question must be clear on its own: name what it is about, without pronouns.

Statement about Graz: It lies on the river Mur.
Question: On which river does the city of Graz lie?
Answer: the Mur

Statement about ${topic}: ${fact}`;
}

export function answerPrompt(question: string): string {
  return `Answer in as few words as possible.\n\n${question}`;
}

/** A reply must have one question and one answer, each on a line of its own. */
export function parseQuestion(text: string): { question: string; answer: string } | undefined {
  const [question, ...questions] = saidAs("question:", text);
  const [answer, ...answers] = saidAs("answer:", text);
  return question && answer && questions.length + answers.length === 0 && plain(answer)
    ? { question, answer }
    : undefined;
}

/** What stands behind a label, of every line that has it. */
function saidAs(label: string, text: string): string[] {
  return text.split(/[\n\r\u2028\u2029]/).flatMap((line) => {
    const said = line.trim();
    return said.toLowerCase().startsWith(label) ? said.slice(label.length).trim() || [] : [];
  });
}

export function agree(a: string, b: string): boolean {
  const [x, y] = [` ${plain(a)} `, ` ${plain(b)} `];
  return x.trim() !== "" && y.trim() !== "" && (x.includes(y) || y.includes(x));
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, "")
    .replace(/\b(?:a|an|the)\b/g, " ")
    .trim()
    .replace(/\s+/g, " ");
}

export const selfConsistency: ServedAnnotator<(typeof options)["shape"], never> = {
  name: "self-consistency",
  description: "FactTune: how often a model's own answers agree with each atomic fact",
  options,
  files: {},
  server: true,
  open({ options: { answers, answerModel } }) {
    const annotator = (judgeOf: JudgeOf) => selfConsistencyAnnotator(judgeOf(), judgeOf(answerModel), answers);
    return Promise.resolve({ source: "none", annotator });
  },
};
