/**
 * Token masks that rows of pairs bring along, for each side under one of these keys (`chosen_labels`, say), and perhaps
 * the ids that they are for. Labels are ids, and -100 where a token is masked; the others are numbers or booleans,
 * above 0 where it counts.
 */
import { z } from "zod";
import { parseRow } from "../../base/jsonl";
import { UserError } from "../../base/check";
import type { EncodedSide } from "../collate";
import { sideNames, type Side } from "../mask";

const maskKeys = ["labels", "mask", "loss_mask", "completion_mask"] as const;
const idKeys = ["ids", "input_ids"] as const;

export interface GivenMask {
  /** [L] 0 or 1 */
  bits: number[];
  /** [L] */
  ids?: number[];
}

/** Parquet's integers of 64 bits are bigints. */
const numberSchema = z.union([z.number(), z.bigint().transform(Number)]);
const bitsSchema = z.array(z.union([numberSchema, z.boolean()]));
const idsSchema = z.array(numberSchema);
const masked = -100;

/**
 * A row's masks, and the row without them.
 * @throws UserError for ids that are not as many as the mask's
 */
export function takeMasks(value: unknown, where: string): { rest: unknown; masks: Partial<Record<Side, GivenMask>> } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { rest: value, masks: {} };
  const rest = new Map<string, unknown>(Object.entries(value));
  const take = (side: Side, keys: readonly string[]): [key: string, value: unknown] | undefined => {
    const key = keys.find((name) => Array.isArray(rest.get(`${side}_${name}`)));
    if (key === undefined) return undefined;
    const taken = rest.get(`${side}_${key}`);
    rest.delete(`${side}_${key}`);
    return [key, taken];
  };
  const masks: Partial<Record<Side, GivenMask>> = {};
  for (const side of sideNames) {
    const mask = take(side, maskKeys);
    const ids = take(side, idKeys);
    if (!mask) continue;
    const values = parseRow(bitsSchema, mask[1], `${where}, ${side}_${mask[0]}`);
    const bits = values.map((bit) => Number(mask[0] === "labels" ? bit !== masked : Number(bit) > 0));
    masks[side] = { bits, ...(ids && { ids: idsOf(ids, bits.length, `${where}, ${side}_${ids[0]}`) }) };
  }
  return { rest: Object.fromEntries(rest), masks };
}

function idsOf([, value]: [key: string, value: unknown], length: number, where: string): number[] {
  const ids = parseRow(idsSchema, value, where);
  if (ids.length === length) return ids;
  throw new UserError({
    where,
    expected: `an id for each of the mask's ${length} places`,
    got: String(ids.length),
    fix: "Write both from the same tokens.",
  });
}

/** Where a mask lies on the tokens of an answer. */
export interface Placed {
  /** Of the completion and its closing token. */
  bits: number[];
  /** Tokens before the completion that the mask learns from. */
  promptLearnt: number;
  /** What the mask counts beside the completion, in words: "prompt, completion, closing token". */
  counts: string;
  /** How many places it has too many; below 0: too few. */
  excess: number;
}

/** undefined where its ids are not those of this tokenizer. */
export function place({ bits, ids }: GivenMask, side: EncodedSide): Placed | undefined {
  return ids ? placeByIds(bits, ids, side) : placeByLength(bits, side);
}

function placeByIds(bits: readonly number[], given: readonly number[], side: EncodedSide): Placed | undefined {
  const { ids, promptIds, closing } = side;
  const places = given.map((_, at) => at).filter((at) => ids.every((id, t) => given[at + t] === id));
  // the prompt may say the same: the answer is where the prompt is over, or the last
  const at = places.includes(promptIds.length) ? promptIds.length : places.at(-1);
  if (at === undefined) return undefined;
  const closed = closing !== undefined && given[at + ids.length] === closing ? 1 : 0;
  const after = given.length - at - ids.length - closed;
  const before = at === promptIds.length ? "prompt" : `${at} tokens before`;
  const counts = [at > 0 ? before : "", "completion", closed ? "closing token" : "", after ? `${after} behind` : ""];
  return placed(bits, at, ids.length + closed, counts.filter(Boolean).join(", "), 0);
}

/** The layout of its length, or the nearest. */
function placeByLength(bits: readonly number[], { ids, promptIds, closing }: EncodedSide): Placed {
  const closed = closing === undefined ? 0 : 1;
  const layouts = [
    { counts: "prompt, completion, closing token", at: promptIds.length, own: ids.length + closed },
    { counts: "completion, closing token", at: 0, own: ids.length + closed },
    { counts: "prompt, completion", at: promptIds.length, own: ids.length },
    { counts: "completion", at: 0, own: ids.length },
  ].map((layout) => ({ ...layout, excess: bits.length - layout.at - layout.own }));
  const near = layouts.reduce((best, layout) => (Math.abs(layout.excess) < Math.abs(best.excess) ? layout : best));
  return placed(bits, near.at, near.own, near.counts, near.excess);
}

function placed(bits: readonly number[], at: number, own: number, counts: string, excess: number): Placed {
  const promptLearnt = bits.slice(0, at).filter((bit) => bit > 0).length;
  return { bits: bits.slice(at, at + own), promptLearnt, counts, excess };
}
