/**
 * UTF-8 decoding that remembers, for every byte, which characters of the text it became.
 *
 * Byte-level BPE cuts inside characters, and a sampled sequence need not be valid UTF-8 at all, so the
 * text of a token cannot be had from the token alone. Offsets are UTF-16 code units, end exclusive.
 */

/** A decoded text; byte i is part of `text.slice(starts[i], ends[i])`, the one character it belongs to. */
export interface DecodedBytes {
  text: string;
  starts: Int32Array;
  ends: Int32Array;
}

/** One character read from the bytes: how many of them it took, and its code point. */
interface Character {
  length: number;
  codePoint: number;
}

const replacement = 0xfffd;

/**
 * Decodes bytes; ill-formed parts become U+FFFD, one for each maximal subpart, as TextDecoder and
 * Python's and Rust's lossy decoders do. A byte order mark is kept.
 */
export function decodeUtf8(bytes: Uint8Array): DecodedBytes {
  const starts = new Int32Array(bytes.length);
  const ends = new Int32Array(bytes.length);
  const pieces: string[] = [];
  let units = 0;
  for (let i = 0; i < bytes.length;) {
    const { length, codePoint } = readCharacter(bytes, i);
    const piece = String.fromCodePoint(codePoint);
    starts.fill(units, i, i + length);
    units += piece.length;
    ends.fill(units, i, i + length);
    pieces.push(piece);
    i += length;
  }
  return { text: pieces.join(""), starts, ends };
}

/** The text with every lone surrogate replaced by U+FFFD: what survives UTF-8. Its length is unchanged. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Well-formed byte sequences of the Unicode standard, table 3-7: the second byte's range depends on the first. */
function readCharacter(bytes: Uint8Array, at: number): Character {
  const lead = bytes[at]!;
  if (lead < 0x80) return { length: 1, codePoint: lead };
  if (lead < 0xc2 || lead > 0xf4) return { length: 1, codePoint: replacement };
  const continuation = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  let codePoint = lead & (0x3f >> continuation);
  for (let k = 1; k <= continuation; k++) {
    const next = bytes[at + k];
    if (next === undefined || next < low || next > high) return { length: k, codePoint: replacement };
    codePoint = (codePoint << 6) | (next & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return { length: continuation + 1, codePoint };
}
