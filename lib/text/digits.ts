/**
 * The step of tokenizer.json that cuts off digits (SmolLM's, Falcon's). In transformers, whose Rust library it is of, a
 * digit is any number of Unicode; @huggingface/tokenizers takes 0 to 9 alone, and is given a pattern instead.
 */

interface Step {
  type?: string;
  individual_digits?: boolean;
  pretokenizers?: Step[];
}

/** @param json content of tokenizer.json @returns the same, where it has no such step */
export function withAllDigits(json: object): object {
  const { pre_tokenizer: step } = json as { pre_tokenizer?: Step | null };
  return step ? { ...json, pre_tokenizer: allDigits(step) } : json;
}

function allDigits(step: Step): Step {
  if (step.pretokenizers) return { ...step, pretokenizers: step.pretokenizers.map(allDigits) };
  if (step.type !== "Digits") return step;
  const pattern = { Regex: step.individual_digits ? "\\p{N}" : "\\p{N}+" };
  return { type: "Split", pattern, behavior: "Isolated", invert: false } as Step;
}
