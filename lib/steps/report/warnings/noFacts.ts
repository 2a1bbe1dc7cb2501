/** Policies that win by saying nothing: sentences without a fact count as right in the score. */
import { mean } from "../../../base/stats";
import { countSentences } from "../../../factuality/score";
import type { AnnotatedCandidate } from "../../../factuality/records";
import { againstFirst } from "../sets";
import type { Warning } from "./warning";

/** Times as many an answer, and how many more at least. */
const times = 2;
const more = 0.2;

export const noFacts: Warning = ({ inputs }) =>
  againstFirst(inputs).flatMap(({ policy, first }) => {
    const [after, before] = [perAnswer(policy.answers), perAnswer(first.answers)];
    if (after < times * before || after - before < more) return [];
    const grown = before > 0 ? `${(after / before).toFixed(1)} times as many` : "where there were none";
    return [
      `${policy.name} has more sentences that state no fact: ${after.toFixed(2)} an answer, ` +
        `${before.toFixed(2)} of ${first.name}, ${grown} (${policy.file}). They count as right in the score; ` +
        "look at the share of right ones among sentences with a fact.",
    ];
  });

const perAnswer = (answers: readonly AnnotatedCandidate[]): number =>
  mean(answers.map(({ sentences }) => countSentences(sentences).noFact));
