/** Pairs as the page holds them: each token's place, and what two policies make of it. */
import path from "node:path";
import { completionTokenLogps } from "../../align/track/sequences";
import { brief, UserError } from "../../base/check";
import { chunks } from "../../base/collections";
import { hashOf } from "../../base/hash";
import { startProgress } from "../../base/progress";
import { withPolicy, type Policy } from "../../model/policy";
import {
  encodeSide,
  sidesOf,
  tokenizePair,
  type CompletionTokenizer,
  type TokenizedPair,
} from "../../preference/collate";
import { sideNames, type Side } from "../../preference/mask";
import type { PreferencePair } from "../../preference/pair";
import { piecesOf, type InspectToken } from "../../show/inspect";
import { promptIds, type PromptTokenizer } from "../../text/prompt";
import { nameIn } from "../../text/slug";
import type { ContentPair, ContentSide, Run } from "./content";

type Spans = readonly Omit<InspectToken, "kept">[];

/** Tokens of both sides, from whichever tokenizer. @throws RangeError as `piecesOf` */
export function contentPair(row: PreferencePair, tokens: Record<Side, Spans>): ContentPair {
  const asked = row.prompt.map(({ content }) => content).join("\n");
  const side = (name: Side): ContentSide => ({ runs: runsOf({ ...row[name], tokens: tokens[name] }, row.questionId) });
  return { name: nameIn(asked, row.topic) ?? row.topic, row, chosen: side("chosen"), rejected: side("rejected") };
}

function runsOf(side: PreferencePair[Side] & { tokens: Spans }, questionId: string): Run[] {
  const runs: Run[] = [];
  for (const { start, end, token, sentence } of piecesOf(side, questionId)) {
    const last = runs.at(-1);
    const run: Run = last?.[0] === (sentence ?? -1) ? last : [sentence ?? -1];
    if (run !== last) runs.push(run);
    run.push(token === null ? start - end : end - start);
  }
  return runs;
}

/** @throws UserError as `tokenizePair` */
export function contentPairs(
  pairs: readonly PreferencePair[],
  tokenizer: CompletionTokenizer & PromptTokenizer,
): { shown: ContentPair[]; tokenized: TokenizedPair[] } {
  const tokenized = pairs.map((row) =>
    tokenizePair(row, tokenizer, promptIds(tokenizer, row.prompt), { mask: "none" }),
  );
  const shown = tokenized.map((pair) => {
    const tokens = (name: Side): Spans => {
      const { ids, promptLength, sentenceOf } = pair[name];
      const { completion } = pair.source[name];
      const encoded = encodeSide(
        pair.source[name],
        pair.source.prompt,
        tokenizer,
        Array.from(ids.slice(0, promptLength)),
      );
      return Array.from(ids.subarray(promptLength), (_, t) => ({
        start: encoded.starts[t] ?? completion.length, // the closing token
        end: encoded.ends[t] ?? completion.length,
        sentence: sentenceOf[promptLength + t]! < 0 ? null : sentenceOf[promptLength + t]!,
      }));
    };
    return contentPair(pair.source, { chosen: tokens("chosen"), rejected: tokens("rejected") });
  });
  return { shown, tokenized };
}

/** Pairs at a time, between which progress is shown. */
const together = 24;

/** Log-probabilities [tokens] of one pair's completions; none where it is longer than the model's positions. */
type PairLogps = Record<Side, Float32Array> | undefined;

/**
 * Pairs with the log-probabilities of a model and of a policy that was trained from it; one at a time in memory.
 * @param adapter folder of one that makes `policy` of the weights in its folder
 * @throws UserError for a policy with another tokenizer
 */
export async function withPush(
  model: string,
  policy: string,
  pairs: readonly PreferencePair[],
  adapter?: string,
): Promise<ContentPair[]> {
  const { shown, tokenized, reference } = await withPolicy(model, async (own) => {
    const made = contentPairs(pairs, own.tokenizer);
    return { ...made, reference: await pairLogps(own, made.tokenized) };
  });
  const logps = await withPolicy(
    policy,
    (own) => {
      checkTokenizer(own, tokenized);
      return pairLogps(own, tokenized);
    },
    { adapter },
  );
  return withLogps(shown, logps, reference);
}

/** Of every completion token, by pair. */
async function pairLogps(policy: Policy, tokenized: readonly TokenizedPair[]): Promise<PairLogps[]> {
  const most = policy.model.config.maxPositions;
  const fitting = tokenized.flatMap(({ chosen, rejected }, i) =>
    Math.max(chosen.ids.length, rejected.ids.length) <= most ? [{ i, chosen, rejected }] : [],
  );
  const found: PairLogps[] = tokenized.map(() => undefined);
  const progress = startProgress(`log-probabilities, ${path.basename(policy.dir)}`, fitting.length);
  let done = 0;
  for (const part of chunks(fitting, together)) {
    const logps = await completionTokenLogps(policy, sidesOf(part));
    part.forEach(({ i }, at) => (found[i] = { chosen: logps[at]!, rejected: logps[part.length + at]! }));
    progress.update((done += part.length));
  }
  progress.stop();
  return found;
}

function checkTokenizer({ dir, tokenizer }: Policy, tokenized: readonly TokenizedPair[]): void {
  for (const { source, ...sides } of tokenized) {
    const own = tokenizePair(source, tokenizer, promptIds(tokenizer, source.prompt), { mask: "none" });
    if (sideNames.every((side) => own[side].ids.join() === sides[side].ids.join())) continue;
    throw new UserError({
      where: dir,
      expected: "the tokenizer of its reference, --model",
      got: `other tokens in the pair of question ${brief(source.questionId)}`,
      fix: "Compare a policy with the model that it was trained from.",
    });
  }
}

/** Puts in what both say of a pair. */
function withLogps(
  shown: readonly ContentPair[],
  policy: readonly PairLogps[],
  reference: readonly PairLogps[],
): ContentPair[] {
  return shown.map((pair, i) => {
    const [own, other] = [policy[i], reference[i]];
    if (!own || !other) return pair;
    const side = (name: Side): ContentSide => ({
      ...pair[name],
      logps: { policy: base64(own[name]), reference: base64(other[name]) },
    });
    return { ...pair, chosen: side("chosen"), rejected: side("rejected") };
  });
}

function base64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** Names pairs by what they hold. */
export function contentHash(pairs: readonly PreferencePair[]): string {
  return hashOf(pairs).slice(0, 16);
}
