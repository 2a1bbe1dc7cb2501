/**
 * Tokens of SentencePiece tokenizers (Llama 2): text in which ▁ is a space, or one byte as <0x0A>. Before they cut a
 * text, such tokenizers put a space in front of it, older ones also behind every special token in it.
 */
import type { OffsetMap } from "./normalise";

/** The bytes of a token. */
export function pieceBytes(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return byte ? Uint8Array.of(parseInt(byte, 16)) : new TextEncoder().encode(token.replaceAll("▁", " "));
}

/**
 * Offsets through the spaces that were put in: a token that is no more than such a space covers the character behind
 * it, as in transformers.
 * @param segments where in `spelled` a space may have been put in
 * @returns undefined when `spelled` is not the text with such spaces
 */
export function withoutInserted(text: string, spelled: string, segments: readonly number[]): OffsetMap | undefined {
  const spaces = (of: string, at: number) => /^ */.exec(of.slice(at))![0].length;
  const inserted = segments
    .filter((at, i) => segments.indexOf(at) === i && at < spelled.length)
    .reduce<number[]>(
      (found, at) => (spaces(spelled, at) > spaces(text, at - found.length) ? [...found, at] : found),
      [],
    );
  let rest = "";
  let from = 0;
  for (const at of inserted) {
    rest += spelled.slice(from, at);
    from = at + 1;
  }
  if (rest + spelled.slice(from) !== text) return undefined;
  const original = (at: number) => at - inserted.filter((space) => space < at).length;
  const behind = (at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : at < text.length ? 1 : 0);
  return { start: original, end: (at) => original(at) + (inserted.includes(at - 1) ? behind(original(at)) : 0) };
}

/** A tokenizer.json whose tokenizer puts no space in front of a text: the same pieces for what continues one. */
export function withoutPrefix(json: object): object {
  const { normalizer, pre_tokenizer } = json as { normalizer?: Step | null; pre_tokenizer?: Step | null };
  return { ...json, normalizer: bare(normalizer), pre_tokenizer: bare(pre_tokenizer) };
}

interface Step {
  type: string;
  normalizers?: Step[];
  pretokenizers?: Step[];
}

function bare(step: Step | null | undefined): Step | null {
  if (!step || step.type === "Prepend") return null;
  if (step.type === "Metaspace") return { ...step, prepend_scheme: "never", add_prefix_space: false } as Step;
  const within = (steps: readonly Step[]) => steps.flatMap((inner) => bare(inner) ?? []);
  return {
    ...step,
    ...(step.normalizers && { normalizers: within(step.normalizers) }),
    ...(step.pretokenizers && { pretokenizers: within(step.pretokenizers) }),
  };
}
