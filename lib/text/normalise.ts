/**
 * Offsets through Unicode normalisation (NFC), the only normaliser of byte-level BPE tokenizers (Qwen2's).
 *
 * The text is cut where normalising the parts equals normalising the whole (checked); an unchanged part
 * maps character by character, a changed one as a whole: every token in it covers all of it.
 */

/** Maps offsets in the normalised text to offsets in the original. */
export interface OffsetMap {
  start(at: number): number;
  end(at: number): number;
}

/** A character and what NFC may join to it: marks, and the vowels and finals of Hangul. */
const segments = /.[\p{M}\u1161-\u1175\u11a8-\u11c2]*/gsu;

/** @returns undefined when `normalised` is not the NFC form of `text`, part by part */
export function originalOffsets(text: string, normalised: string): OffsetMap | undefined {
  const starts = new Int32Array(normalised.length);
  const ends = new Int32Array(normalised.length + 1);
  let to = 0;
  let from = 0;
  for (const segment of text.match(segments) ?? []) {
    const part = segment.normalize("NFC");
    if (!normalised.startsWith(part, to)) return undefined;
    for (let i = 0; i < part.length; i++) {
      starts[to + i] = part === segment ? from + i : from;
      ends[to + i + 1] = part === segment ? from + i + 1 : from + segment.length;
    }
    to += part.length;
    from += segment.length;
  }
  if (to !== normalised.length) return undefined;
  return { start: (at) => starts[at]!, end: (at) => ends[at]! };
}
