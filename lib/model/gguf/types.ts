/** How GGUF files store numbers: the types that are read here, and the names of the others. */
import { halfFloat } from "../../base/float16";

/** A type whose numbers are made of blocks. */
export interface GgufType {
  name: string;
  /** Numbers of a block. */
  length: number;
  /** Bytes of a block. */
  bytes: number;
  /**
   * Writes the numbers of the block that begins at byte `at`, from `to` on, rounded once, as the gguf package does;
   * absent where the bytes are kept as they are.
   */
  widen?: (from: Uint8Array, at: number, out: Float32Array, to: number) => void;
}

const half = (from: Uint8Array, at: number): number => halfFloat(from[at]! | (from[at + 1]! << 8));
const signed = (byte: number): number => (byte << 24) >> 24;

/** 32 numbers of 4 bits, or of 5 whose highest are in the four bytes `high`: d * (q - middle) + m. */
function block32(bits: 4 | 5, withMinimum: boolean): GgufType["widen"] {
  const middle = withMinimum ? 0 : 1 << (bits - 1);
  return (from, at, out, to) => {
    const d = half(from, at);
    const m = withMinimum ? half(from, at + 2) : 0;
    const high = at + (withMinimum ? 4 : 2);
    const low = bits === 5 ? high + 4 : high;
    for (let i = 0; i < 32; i++) {
      const q = (from[low + (i & 15)]! >> (i < 16 ? 0 : 4)) & 15;
      const fifth = bits === 5 ? ((from[high + (i >> 3)]! >> (i & 7)) & 1) << 4 : 0;
      const value = d * ((q | fifth) - middle);
      out[to + i] = withMinimum ? value + m : value;
    }
  };
}

/** 256 numbers in eight groups, whose scales and minima of 6 bits are packed into 12 bytes: d * q - m. */
function block256(bits: 4 | 5): GgufType["widen"] {
  return (from, at, out, to) => {
    const [d, dmin] = [half(from, at), half(from, at + 2)];
    const [scales, high] = [at + 4, at + 16];
    const low = bits === 5 ? high + 32 : high;
    for (let group = 0; group < 8; group++) {
      const k = group & 3;
      const [scale, minimum, both] = [from[scales + k]!, from[scales + 4 + k]!, from[scales + 8 + k]!];
      const step = d * (group < 4 ? scale & 63 : (both & 15) | ((scale >> 2) & 48));
      const m = dmin * (group < 4 ? minimum & 63 : (both >> 4) | ((minimum >> 2) & 48));
      for (let i = 0; i < 32; i++) {
        const q = (from[low + (group >> 1) * 32 + i]! >> (4 * (group & 1))) & 15;
        const fifth = bits === 5 ? ((from[high + i]! >> group) & 1) << 4 : 0;
        out[to + group * 32 + i] = step * (q | fifth) - m;
      }
    }
  };
}

function q8(from: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = half(from, at);
  for (let i = 0; i < 32; i++) out[to + i] = d * signed(from[at + 2 + i]!);
}

/** 128 bytes of low bits, 64 of high ones, 16 signed scales, d. */
function q6k(from: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = half(from, at + 208);
  for (let i = 0; i < 256; i++) {
    const [side, quarter, column] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = (from[at + side * 64 + (quarter & 1) * 32 + column]! >> (4 * (quarter >> 1))) & 15;
    const high = (from[at + 128 + side * 32 + column]! >> (2 * quarter)) & 3;
    out[to + i] = d * signed(from[at + 192 + (i >> 4)]!) * ((low | (high << 4)) - 32);
  }
}

/** By ggml's number. */
const known: Readonly<Record<number, GgufType>> = {
  0: { name: "F32", length: 1, bytes: 4 },
  1: { name: "F16", length: 1, bytes: 2 },
  2: { name: "Q4_0", length: 32, bytes: 18, widen: block32(4, false) },
  3: { name: "Q4_1", length: 32, bytes: 20, widen: block32(4, true) },
  6: { name: "Q5_0", length: 32, bytes: 22, widen: block32(5, false) },
  7: { name: "Q5_1", length: 32, bytes: 24, widen: block32(5, true) },
  8: { name: "Q8_0", length: 32, bytes: 34, widen: q8 },
  12: { name: "Q4_K", length: 256, bytes: 144, widen: block256(4) },
  13: { name: "Q5_K", length: 256, bytes: 176, widen: block256(5) },
  14: { name: "Q6_K", length: 256, bytes: 210, widen: q6k },
  30: { name: "BF16", length: 1, bytes: 2 },
};

const others: Readonly<Record<number, string>> = {
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

export const ggufTypeNames: readonly string[] = Object.values(known).map(({ name }) => name);

/** The type with that number, or its name where it is not read here. */
export function ggufType(id: number): GgufType | string {
  return known[id] ?? others[id] ?? `type ${id}`;
}
