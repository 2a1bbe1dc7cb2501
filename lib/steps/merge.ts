/** `mask-dpo merge`: a checkpoint with an adapter added to its weights. */
import { openCheckpoint, writeCheckpoint } from "../model/checkpoint";
import { mergedTensors } from "../model/lora";
import { readAdapter } from "../model/peft";

/** A checkpoint with an adapter added to its weights. */
export function mergeVerb({ model, adapter, out }: { model: string; adapter: string; out: string }): void {
  const base = openCheckpoint(model);
  writeCheckpoint(out, base.config, mergedTensors(base, readAdapter(adapter, base.config)), model);
}
