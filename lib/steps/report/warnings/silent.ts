/** Answers without a sentence, which a share of sentences does not see. */
import { ofAnswers, type Warning } from "./warning";

export const silent: Warning = ofAnswers(
  0.02,
  ({ sentences }) => sentences.length === 0,
  (share, { name, file }) =>
    `${share} of the answers of ${name} have no sentence (${file}): the score is of the ` +
    "others, and saying nothing costs a policy nothing.",
);
