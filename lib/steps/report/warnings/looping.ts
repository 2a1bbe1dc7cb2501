/** Answers that say the same words over and over, as a policy does that was trained too far. */
import { ofAnswers, type Warning } from "./warning";

/** A run of at most so many words that comes so many times in a row. */
const [longest, times] = [8, 8];

export const looping: Warning = ofAnswers(
  0.02,
  ({ completion }) => loopsIn(completion),
  (share, { name, file }) =>
    `${share} of the answers of ${name} say the same words ${times} times in a row or more ` +
    `(${file}): read some before any score. Training too far, or too fast, does that.`,
);

/** Words of any script: not all put spaces between them. */
const segmenter = new Intl.Segmenter("en", { granularity: "word" });

function loopsIn(text: string): boolean {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) if (isWordLike) words.push(segment.toLowerCase());
  for (let length = 1; length <= longest; length++) {
    let alike = 0; // words in a row that are those `length` before them
    for (let i = length; i < words.length; i++) {
      alike = words[i] === words[i - length] ? alike + 1 : 0;
      if (alike >= length * (times - 1)) return true;
    }
  }
  return false;
}
