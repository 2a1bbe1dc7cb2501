/** `mask-dpo merge`: a checkpoint with an adapter added to its weights. */
import { refuseInputs } from "../base/outputs";
import { checkReplaceable, openCheckpoint, writeCheckpoint } from "../model/checkpoint";
import { mergedTensors } from "../model/adapter/lora";
import { readAdapter } from "../model/adapter/peft";

export interface MergeRequest {
  model: string;
  adapter: string;
  out: string;
}

/**
 * Writes a checkpoint with an adapter added to its weights.
 * @throws UserError for an output that is an input, or holds what no such command left
 */
export function mergeVerb({ model, adapter, out }: MergeRequest): void {
  refuseInputs([out], [model, adapter]);
  checkReplaceable(out);
  const base = openCheckpoint(model);
  writeCheckpoint(out, base.config, mergedTensors(base, readAdapter(adapter, base.config)), model);
}
