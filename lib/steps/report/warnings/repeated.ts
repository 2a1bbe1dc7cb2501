/** Policies that say the same again, which counts again. */
import { sum } from "../../../base/collections";
import type { AnnotatedCandidate } from "../../../factuality/records";
import { share, type Warning } from "./warning";

const many = 0.1;

export const repeated: Warning = ({ inputs: { answers, sampled } }) =>
  [...answers, ...sampled].flatMap(({ name, file, answers: rows }) => {
    const again = sum(rows.map(repeatedIn));
    const all = sum(rows.map(({ sentences }) => sentences.length));
    return again === 0 || again < many * all
      ? []
      : [
          `${share(again, all)} of the sentences of ${name} were said before in the same answer (${file}), and each ` +
            "counts in the score.",
        ];
  });

/** Sentences that the answer has before, but for case and space. */
function repeatedIn({ completion, sentences }: AnnotatedCandidate): number {
  const texts = sentences.map(({ start, end }) =>
    completion.slice(start, end).trim().replace(/\s+/g, " ").toLowerCase(),
  );
  return texts.length - new Set(texts).size;
}
