/** An annotator that finds everything right, or everything wrong: then no score tells policies apart. */
import { isHallucination } from "../../../factuality/verdict";
import type { Warning } from "./warning";

/** Fewer sentences may well be alike. */
const enough = 30;

export const oneVerdict: Warning = ({ inputs: { answers, sampled } }) => {
  const sentences = [...answers, ...sampled].flatMap(({ answers: rows }) => rows.flatMap((row) => row.sentences));
  const wrong = sentences.filter(({ verdict }) => isHallucination(verdict)).length;
  if (sentences.length < enough || (wrong > 0 && wrong < sentences.length)) return [];
  const verdict = wrong === 0 ? "free of hallucination" : "hallucinations";
  return [
    `All ${sentences.length} sentences were judged ${verdict}: scores ` +
      "have no spread and tell nothing apart. Read some, and hold the annotator against labels of yours (`agreement`).",
  ];
};
