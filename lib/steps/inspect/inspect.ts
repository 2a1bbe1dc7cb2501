/** `mask-dpo inspect`: a page that shows pairs token by token, and what a policy's loss pushes, to correct verdicts. */
import { writeFileAtomic } from "../../base/files";
import { readCheckpointConfig } from "../../model/checkpoint";
import { startEngineFor, withPolicy } from "../../model/policy";
import type { MaskKind } from "../../preference/mask";
import type { PreferencePair } from "../../preference/pair";
import { checkVocabulary, loadTokenizer } from "../../text/tokenizer";
import { readRows } from "../rows";
import type { Content, ContentPair } from "./content";
import { contentHash, contentPairs, pairLogps, withLogps } from "./contentOf";
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
  const pairs = policy === undefined ? tokensOnly(model, rows) : await withPush(model, policy, rows);
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

/** No weights are read. */
function tokensOnly(model: string, rows: readonly PreferencePair[]): ContentPair[] {
  const { vocabSize } = readCheckpointConfig(model);
  const tokenizer = loadTokenizer(model);
  checkVocabulary(tokenizer, vocabSize, model);
  return contentPairs(rows, tokenizer).shown;
}

/** One model in memory at a time. */
async function withPush(model: string, policy: string, rows: readonly PreferencePair[]): Promise<ContentPair[]> {
  await startEngineFor(model);
  const reference = await withPolicy(model, async (own) => {
    const { shown, tokenized } = contentPairs(rows, own.tokenizer);
    return { shown, tokenized, logps: await pairLogps(own, tokenized) };
  });
  const logps = await withPolicy(policy, (own) => pairLogps(own, reference.tokenized));
  return withLogps(reference.shown, logps, reference.logps);
}
