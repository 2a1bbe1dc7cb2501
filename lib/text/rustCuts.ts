/**
 * Where transformers' Rust library and @huggingface/tokenizers cut a text differently: a digit is any number of Unicode
 * there, 0 to 9 here (SmolLM's and Falcon's step "Digits"); white space is Unicode's there and JavaScript's here, which
 * has U+FEFF and lacks U+0085 (GPT-2's rule, inside "ByteLevel"). Patterns that are written out are read alike, so
 * these are written out.
 */
import { gpt2Pattern } from "./patterns";

interface Step {
  type?: string;
  individual_digits?: boolean;
  use_regex?: boolean;
  pretokenizers?: Step[];
}

/** @param json content of tokenizer.json @returns the same, where it has no such step */
export function withRustCuts(json: object): object {
  const { pre_tokenizer: step } = json as { pre_tokenizer?: Step | null };
  if (!step) return json;
  const [first, ...rest] = writtenOut(step);
  return { ...json, pre_tokenizer: rest.length === 0 ? first : { type: "Sequence", pretokenizers: [first, ...rest] } };
}

function writtenOut(step: Step): object[] {
  if (step.pretokenizers) return step.pretokenizers.flatMap(writtenOut);
  if (step.type === "Digits") return [split(step.individual_digits ? "\\p{N}" : "\\p{N}+")];
  if (step.type === "ByteLevel" && step.use_regex !== false) return [split(gpt2Pattern), { ...step, use_regex: false }];
  return [step];
}

function split(pattern: string): object {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}
