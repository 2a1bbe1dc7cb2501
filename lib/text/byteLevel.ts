/** Tokens of byte-level BPE tokenizers: text in GPT-2's alphabet of bytes. */

/**
 * GPT-2's alphabet: bytes that are printable in Latin-1 stand for themselves, the others for U+0100, U+0101, … in
 * order.
 */
const byteOf: ReadonlyMap<string, number> = (() => {
  const printable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  const map = new Map<string, number>();
  let others = 0;
  for (let b = 0; b < 256; b++) map.set(String.fromCharCode(printable(b) ? b : 256 + others++), b);
  return map;
})();

/** Bytes of a vocabulary entry; one that leaves the alphabet stands for its own text, as in the Rust decoder. */
export function byteLevel(token: string): Uint8Array {
  const bytes = [...token].map((c) => byteOf.get(c) ?? -1);
  return bytes.includes(-1) ? new TextEncoder().encode(token) : Uint8Array.from(bytes);
}
