/**
 * `mask-dpo loss` against a table worked out apart from this code, by formula and where there is one by the function
 * that its authors published: two pairs, unmasked, masked, and masked with weights.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import type { LossRow } from "../../../lib/steps/loss";
import { succeed } from "../../cli/here";
import { rowsOf } from "../../cli/process";
import { scratch } from "../../golden/fixtures";
import { readGolden } from "../../golden/golden";

const blocks = ["unmasked", "masked", "weighted"] as const;
interface Side {
  logps: number[];
  reference: number[];
  mask: number[];
  weights: number[];
  kl: number[];
}
interface Table {
  pairs: { z0: number; chosen: Side; rejected: Side }[];
  /** losses of both pairs; gradients of their mean in token 0 of the first chosen side, and token 1 of its rejected */
  rows: ({ objective: string; options: Record<string, number> } & Record<(typeof blocks)[number], number[]>)[];
}
const table = readGolden<Table>("objectivesTable.json");

for (const block of blocks)
  test(`${block}: every row of the table to 1e-8`, async (t) => {
    const dir = scratch(t);
    const given = path.join(dir, "rows.jsonl");
    const side = ({ mask, weights, ...tokens }: Side) => ({
      ...tokens,
      ...(block === "masked" && { weights: mask }),
      ...(block === "weighted" && { weights: weights.map((weight, i) => weight * mask[i]!) }),
    });
    writeJsonl(
      given,
      table.pairs.map(({ z0, chosen, rejected }, id) => ({ id, z0, chosen: side(chosen), rejected: side(rejected) })),
    );
    for (const { objective, options, ...expected } of table.rows) {
      const out = path.join(dir, `${objective}.jsonl`);
      const chosen = Object.entries(options).flatMap(([key, value]) => ["--option", `${key}=${value}`]);
      await succeed(["loss", "--objective", objective, ...chosen, "--in", given, "--out", out]);
      const [one, two] = rowsOf<LossRow>(out) as [LossRow, LossRow];
      const got = [one.loss, two.loss, one.chosenGradient[0]! / 2, one.rejectedGradient[1]! / 2];
      expected[block].forEach((value, i) =>
        assert.ok(Math.abs(got[i]! - value) <= 1e-8, `${objective} ${i}: ${got[i]} instead of ${value}`),
      );
    }
  });
