/**
 * A sentence as atomic facts (FActScore, Min et al. 2023, §3.2). The request is the official code's
 * (github.com/shmsw25/FActScore, factscore/atomic_facts.py, MIT, (c) 2023 Sewon Min); the demonstrations are ours.
 * deviates from official: three demonstrations for eight; facts are not repaired by an entity tagger.
 */
import type { Judge } from "./judge";

const none = "This sentence does not contain any facts.";
const demonstrations: readonly (readonly [sentence: string, facts: readonly string[]])[] = [
  [
    "Graz, which lies on the river Mur, is the second largest city in Austria.",
    [
      "Graz lies on the river Mur.",
      "Graz is a city.",
      "Graz is in Austria.",
      "Graz is the second largest city in Austria.",
    ],
  ],
  [
    "He studied chemistry in Delft and, from 1962 on, taught at a school in Leiden.",
    [
      "He studied chemistry.",
      "He studied in Delft.",
      "He taught at a school.",
      "He taught in Leiden.",
      "He taught at a school from 1962 on.",
    ],
  ],
  ["I hope this answers your question!", [none]],
];
const request = (sentence: string): string =>
  `Please breakdown the following sentence into independent facts: ${sentence}\n`;
const list = (facts: readonly string[]): string => facts.map((fact) => `- ${fact}\n`).join("");

/** The facts that a sentence states, maybe none; undefined when no reply could be parsed. */
export function atomicFacts(judge: Judge, sentence: string): Promise<string[] | undefined> {
  const content =
    demonstrations.map(([shown, facts]) => `${request(shown)}${list(facts)}\n`).join("") + request(sentence);
  return judge.ask([{ role: "user", content }], parseFacts);
}

/** A reply must hold a list; lines around it do not count, and a fact counts once. */
export function parseFacts(text: string): string[] | undefined {
  const items = text.split("\n").flatMap((line) => /^\s*(?:[-*•]|\d+[.)])\s+(\S.*)$/.exec(line)?.[1]?.trim() ?? []);
  if (items.length === 0) return undefined;
  const isNone = (item: string): boolean => item.toLowerCase().startsWith(none.toLowerCase().slice(0, -1));
  return [...new Set(items.filter((item) => !isNone(item)))];
}
