/** `mask-dpo inspect`: a page that shows pairs token by token, and what a policy's loss pushes, to correct verdicts. */
import { writeFileAtomic } from "../../base/files";
import { openTokenizer } from "../../model/checkpoint";
import { startEngineFor } from "../../model/policy";
import type { MaskKind } from "../../preference/mask";
import { readRows } from "../rows";
import type { Content } from "./content";
import { contentHash, contentPairs, withPush } from "./contentOf";
import { inspectPage } from "./inspectPage";

export interface InspectRequest {
  pairs: string;
  /** whose tokenizer cuts the texts; with a policy, its reference */
  model: string;
  /** the model as `train` is to be told, where it is not its default */
  modelGiven?: string;
  policy?: string;
  mask: MaskKind;
  out: string;
  seed: number;
}

/** @returns how many pairs the page holds, and how many of them are too long for the policy @throws UserError */
export async function inspectVerb(request: InspectRequest): Promise<{ pairs: number; tooLong: number }> {
  const { model, modelGiven, policy, mask, seed } = request;
  const rows = readRows("pair", request.pairs);
  if (policy !== undefined) await startEngineFor(model);
  const pairs =
    policy === undefined
      ? contentPairs(rows, openTokenizer(model).tokenizer).shown
      : await withPush(model, policy, rows);
  const content: Content = {
    hash: contentHash(rows),
    file: request.pairs,
    seed,
    mask,
    policies: policy !== undefined,
    pairs,
    ...(modelGiven !== undefined && { model: modelGiven }),
  };
  writeFileAtomic(request.out, await inspectPage(content));
  const tooLong = policy === undefined ? 0 : pairs.filter(({ chosen }) => !chosen.logps).length;
  return { pairs: rows.length, tooLong };
}
