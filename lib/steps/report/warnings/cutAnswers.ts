/** Answers that the limit of tokens, or a server's filter, cut. */
import { ofAnswers, type Warning } from "./warning";

export const cutAnswers: Warning = ofAnswers(
  0.05,
  ({ finished }) => finished === false,
  (share, { name, file }) =>
    `${share} of the answers of ${name} were cut before their end (${file}): what they would ` +
    "have said further is not judged. Sample with a higher --max-new-tokens.",
);
