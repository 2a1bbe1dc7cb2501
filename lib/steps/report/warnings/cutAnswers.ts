/** Answers that the limit of tokens, or a server's filter, cut. */
import { share, type Warning } from "./warning";

const many = 0.05;

export const cutAnswers: Warning = ({ inputs: { answers, sampled } }) =>
  [...answers, ...sampled].flatMap(({ name, file, answers: rows }) => {
    const cut = rows.filter(({ finished }) => finished === false).length;
    return cut < many * rows.length
      ? []
      : [
          `${share(cut, rows.length)} of the answers of ${name} were cut before their end (${file}): what they would ` +
            "have said further is not judged. Sample with a higher --max-new-tokens.",
        ];
  });
