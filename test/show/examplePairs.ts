/** Pairs to inspect, with hostile texts. */
import { Rng } from "../../lib/base/rng";
import type { Verdict } from "../../lib/factuality/records";
import type { InspectPair, InspectSide } from "../../lib/show/inspect";

export const hostile =
  '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>' + "\u2028\"'`${window.hacked=1}<!--";

/** Words are tokens; each sentence is kept or not as a whole; one token of no text closes the side. */
export function side(
  parts: readonly [string, Verdict][],
  keeps: (verdict: Verdict) => boolean,
  score: number,
): InspectSide {
  const completion = parts.map(([text]) => text).join(" ");
  let at = 0;
  const sentences = parts.map(([text, verdict]) => {
    const start = completion.indexOf(text, at);
    at = start + text.length;
    return { start, end: at, verdict };
  });
  const tokens = [...completion.matchAll(/\s*\S+/g)].map((word) => {
    const start = word.index;
    const letter = start + word[0].length - word[0].trimStart().length;
    const sentence = sentences.findIndex((s) => letter >= s.start && letter < s.end);
    return { start, end: start + word[0].length, kept: keeps(sentences[sentence]!.verdict), sentence };
  });
  return {
    completion,
    score,
    sentences,
    tokens: [...tokens, { start: completion.length, end: completion.length, kept: true, sentence: null }],
  };
}

export const right = (verdict: Verdict): boolean => verdict === "supported" || verdict === "no-fact";
export function pair(i: number, extra = ""): InspectPair {
  const rng = new Rng(`inspect/${i}`);
  const topic = `Town ${i}`;
  return {
    questionId: `q${i}`,
    topic,
    prompt: `Tell me about ${topic}.${extra}`,
    sides: {
      chosen: side(
        [
          [`${topic} lies in France.`, "supported"],
          [`It has ${rng.int(900)} people.`, "contradictory"],
          ["Enjoy!", "no-fact"],
        ],
        right,
        0.5 + (i % 5) / 10,
      ),
      rejected: side(
        [
          [`${topic} lies in Spain.${extra}`, "contradictory"],
          ["Many say it is old.", i % 2 ? "unverifiable" : "supported"],
        ],
        (v) => !right(v),
        0.5,
      ),
    },
  };
}
