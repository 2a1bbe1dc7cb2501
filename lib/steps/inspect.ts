/** `mask-dpo inspect`: a page that shows pairs token by token. */
import { writeFileAtomic } from "../base/files";
import { inspectPairs } from "../preference/inspectPairs";
import type { MaskKind } from "../preference/mask";
import { inspectPage } from "../show/inspect";
import { readRows } from "./rows";

export interface InspectRequest {
  pairs: string;
  model: string;
  mask: MaskKind;
  out: string;
  seed: number;
}

/** One self-contained page that shows pairs token by token. */
export function inspectVerb(request: InspectRequest): number {
  const pairs = readRows("pair", request.pairs);
  const shown = inspectPairs(request.model, pairs, request.mask, request.seed);
  writeFileAtomic(request.out, inspectPage(shown));
  return shown.length;
}
