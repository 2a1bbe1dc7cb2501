/** `mask-dpo merge`: a checkpoint with an adapter added to its weights. */
import { openCheckpoint, writeCheckpoint } from "../model/checkpoint";
import { mergedTensors } from "../model/lora";
import { readAdapter } from "../model/peft";

export interface MergeRequest {
  model: string;
  adapter: string;
  out: string;
}

/** Writes a checkpoint with an adapter added to its weights. */
export function mergeVerb({ model, adapter, out }: MergeRequest): void {
  const base = openCheckpoint(model);
  writeCheckpoint(out, base.config, mergedTensors(base, readAdapter(adapter, base.config)), model);
}
