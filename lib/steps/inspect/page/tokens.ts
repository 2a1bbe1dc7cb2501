/** A side's tokens, as the page was given them. */
import type { Piece } from "../../../show/inspect";
import type { ContentSide } from "../content";

export interface Cut {
  /** of the text, in order; their sentence is null where they are of none */
  pieces: Piece[];
  /** [tokens] sentence, -1 for none */
  sentenceOf: Int32Array;
}

export function cutOf({ runs }: ContentSide): Cut {
  const pieces: Piece[] = [];
  const sentenceOf: number[] = [];
  let at = 0;
  for (const [sentence, ...lengths] of runs)
    for (const length of lengths) {
      const end = at + Math.abs(length);
      const token = length < 0 ? null : sentenceOf.push(sentence) - 1;
      pieces.push({ start: at, end, token, sentence: sentence < 0 ? null : sentence });
      at = end;
    }
  return { pieces, sentenceOf: Int32Array.from(sentenceOf) };
}

/** float32 numbers of a script. */
export function floatsOf(base64: string): number[] {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return Array.from(new Float32Array(bytes.buffer));
}
