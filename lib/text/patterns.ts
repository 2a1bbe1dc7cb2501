/** Patterns by which tokenizers cut texts before they look at them: which are known to end in time. */

const raw = String.raw;
const contractions = raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+`;
const others = raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** Those of Llama 3, Qwen2 and GPT-2, whose time grows with the text alone. */
const published: readonly string[] = [
  `${contractions}|${raw`\p{N}{1,3}`}|${others}`,
  `${contractions}|${raw`\p{N}`}|${others}`,
  raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
];

/** @param steps of tokenizer.json's pre_tokenizer */
export function hasUnknownPattern(steps: readonly { pattern?: unknown }[]): boolean {
  const patterns = steps.flatMap(({ pattern }) => (pattern as { Regex?: string } | null | undefined)?.Regex ?? []);
  return patterns.some((pattern) => !published.includes(pattern));
}
