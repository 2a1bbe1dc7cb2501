/** Answers without a sentence, which a share of sentences does not see. */
import { share, type Warning } from "./warning";

const many = 0.02;

export const silent: Warning = ({ inputs: { answers, sampled } }) =>
  [...answers, ...sampled].flatMap(({ name, file, answers: rows }) => {
    const empty = rows.filter(({ sentences }) => sentences.length === 0).length;
    return empty === 0 || empty < many * rows.length
      ? []
      : [
          `${share(empty, rows.length)} of the answers of ${name} have no sentence (${file}): the score is of the ` +
            "others, and saying nothing costs a policy nothing.",
        ];
  });
