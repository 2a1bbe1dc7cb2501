/**
 * FActScore as an annotator (Min et al. 2023, §3.2): a sentence is taken apart into atomic facts, and each fact is put
 * to the model with the nearest passages of the topic's article: true or false? The question is the official code's
 * (github.com/shmsw25/FActScore, factscore/factscorer.py, MIT, (c) 2023 Sewon Min).
 *
 * The sentence's verdict follows from its facts by the rule for human labels (`sentenceVerdict`): one that is not
 * supported makes it a hallucination, else one that is makes it supported, no facts are no-fact.
 * deviates from official: a reply must say true or false and not both (there, both or neither is guessed from).
 */
import { z } from "zod";
import { sentenceVerdict } from "../humanLabels";
import { allEnded } from "../../server/jobs";
import { atomicFacts } from "./atomicFacts";
import type { ServedAnnotator } from "./entry";
import type { Judge } from "./judge";
import { Knowledge, type Passage } from "../knowledge/knowledge";
import { type JudgedFact, type Judgement, llmAnnotator, type LlmAnnotator, unparsed } from "./llmAnnotator";

export function factScoreAnnotator(judge: Judge, knowledge: Pick<Knowledge, "passages">): LlmAnnotator {
  return llmAnnotator("FActScore", async ({ topic }, sentence): Promise<Judgement> => {
    const facts = await atomicFacts(judge, sentence);
    if (!facts) return unparsed;
    const judged = await allEnded(
      facts.map(async (text): Promise<JudgedFact | undefined> => {
        const content = validationPrompt(topic, knowledge.passages(topic, text), text);
        const supported = await judge.ask([{ role: "user", content }], trueOrFalse);
        return supported === undefined ? undefined : { text, label: supported ? "S" : "NS" };
      }),
    );
    return verdictOfFacts(judged);
  });
}

/** @param facts undefined where no reply could be parsed */
export function verdictOfFacts(facts: readonly (JudgedFact | undefined)[]): Judgement {
  const known = facts.filter((fact) => fact !== undefined);
  return {
    ...(known.length < facts.length ? unparsed : { verdict: sentenceVerdict(known.map(({ label }) => label)) }),
    facts: known,
  };
}

/** The nearest passage stands last, next to the question. */
export function validationPrompt(topic: string, passages: readonly Passage[], fact: string): string {
  const context = passages
    .slice()
    .reverse()
    .map(({ title, text }) => `Title: ${title}\nText: ${text}`)
    .join("\n\n");
  const definition = `Answer the question about ${topic} based on the given context.\n\n${context}`.trim();
  return `${definition}${/[\p{P}\p{S}]$/u.test(definition) ? "" : "."}\n\nInput: ${fact} True or False?\nOutput:`;
}

export function trueOrFalse(text: string): boolean | undefined {
  const said = new Set(text.toLowerCase().match(/\b(?:true|false)\b/g));
  return said.size === 1 ? said.has("true") : undefined;
}

export const factScore: ServedAnnotator<Record<never, never>, "knowledge"> = {
  name: "factscore",
  description: "FActScore: atomic facts against the topic's article",
  options: z.object({}),
  files: { knowledge: "a JSONL file of rows {title, text} named as the topics, or FActScore's SQLite database" },
  server: true,
  async open({ files, questions }) {
    const knowledge = await Knowledge.read(files.knowledge, new Set(questions.map(({ topic }) => topic)));
    return { source: knowledge.hash, annotator: (judgeOf) => factScoreAnnotator(judgeOf(), knowledge) };
  },
};
