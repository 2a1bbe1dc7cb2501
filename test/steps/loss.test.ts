/** `mask-dpo loss` on rows as they come: sides without a counted token, without a reference, in any order. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { chooseObjective, objectives } from "../../lib/align/objective/registry";
import { writeJsonl } from "../../lib/base/jsonl";
import { lossVerb, type LossRow } from "../../lib/steps/loss";
import { rowsOf } from "../cli/process";
import { scratch, userError } from "../golden/fixtures";

/** The command on rows. */
function losses(t: TestContext, name: string, options: Record<string, number>, rows: readonly object[]): LossRow[] {
  const dir = scratch(t);
  const [given, out] = [path.join(dir, "rows.jsonl"), path.join(dir, "losses.jsonl")];
  writeJsonl(given, rows);
  assert.equal(lossVerb(chooseObjective(name, options), given, out), rows.length);
  return rowsOf<LossRow>(out);
}

const chosen = { logps: [-1, -2], reference: [-1.5, -1], weights: [1, 0.5] }; // d = 0.5 - 0.5 = 0
const rejected = { logps: [-3, -0.5, -1], reference: [-1, -0.5, -2], weights: [1, 0, 2] }; // d = -2 + 2 = 0
const emptied = { ...rejected, weights: [0, 0, 0] };
const row = { id: "a", chosen, rejected };
const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-12, `${got}, ${wanted}`);

test("a side without a counted token has a log-ratio of 0; what takes its mean is refused", (t) => {
  const moved = { id: 1, chosen: { ...chosen, weights: [1, 0] }, rejected: emptied };
  const [dpo] = losses(t, "dpo", { beta: 0.4 }, [moved]) as [LossRow];
  near(dpo.loss, Math.log1p(Math.exp(-0.4 * 0.5)));
  near(dpo.chosenGradient[0]!, -0.4 / (1 + Math.exp(0.4 * 0.5)));
  assert.deepEqual([dpo.chosenGradient[1], ...dpo.rejectedGradient], [0, 0, 0, 0]);
  const [sft] = losses(t, "sft", {}, [moved]) as [LossRow];
  near(sft.loss, 1);
  const sharp = (side: typeof chosen) => ({ ...side, logSumSquares: side.logps.map(() => -1) });
  const half = { id: 2, chosen: sharp(chosen), rejected: sharp(emptied) };
  for (const name of ["ipo", "simpo", "orpo", "dpo-norm", "wpo"]) {
    const message = new RegExp(`rows\\.jsonl:1: expected a token .+ of which ${name} takes a mean`);
    assert.throws(() => losses(t, name, {}, [half]), userError(message));
  }
});

test("a reference is asked for by objectives that have one, and of tokens that count", (t) => {
  const without = ({ logps, weights }: typeof chosen) => ({ logps, weights });
  const bare = { id: "a", chosen: without(chosen), rejected: without(rejected) };
  const free = objectives.filter(
    (objective) => !objective.needs(chooseObjective(objective.name).options).includes("logratio"),
  );
  assert.deepEqual(
    free.map(({ name }) => name),
    ["simpo", "slic-hf", "cpo", "orpo", "sft"],
  );
  for (const { name } of free) {
    const given = [row, bare, { ...bare, rejected: { ...bare.rejected, reference: null } }];
    const [one, ...others] = losses(t, name, {}, given) as [LossRow, ...LossRow[]];
    for (const other of others) assert.deepEqual(other, one);
  }
  assert.throws(() => losses(t, "dpo", {}, [bare]), userError(/:1 chosen: expected "reference", .+ dpo compares with/));
  const masked = { ...rejected, reference: [-1, null, -2] };
  assert.deepEqual(losses(t, "dpo", {}, [{ ...row, rejected: masked }]), losses(t, "dpo", {}, [row]));
  const hole = { ...row, rejected: { ...rejected, reference: [null, -0.5, -2] } };
  assert.throws(() => losses(t, "dpo", {}, [row, hole]), userError(/:2 rejected: .+ null at 0 of "reference"/));
});

test("zero points are one of the file, of the row, or of the command; rows keep their order and ids", (t) => {
  const d = (values: number[]) => ({ logps: values, reference: values.map(() => 0) });
  const rows = [
    { ...row, id: 7, chosen: { ...chosen, mismatched: d([-1, 2]) } },
    { ...row, id: "7", rejected: { ...rejected, mismatched: d([0.5]) } },
    { ...row, id: "again" },
    { ...row, id: "again", z0: 2 },
  ];
  const ofChosen = { beta: 1, lambdaUndesirable: 0 }; // sigmoid(z0), as d = 0
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const got = losses(t, "kto", ofChosen, rows);
  assert.deepEqual(
    got.map(({ id }) => id),
    [7, "7", "again", "again"],
  );
  got.forEach(({ loss }, i) => near(loss, sigmoid(i === 3 ? 2 : 0.75)));
  for (const { loss } of losses(t, "kto", { ...ofChosen, z0: 1 }, rows)) near(loss, sigmoid(1));
  assert.throws(() => losses(t, "kto", {}, [row]), userError(/:1: expected "z0" or "mismatched", which kto needs/));
});

test("rows that are no rows are refused by line", (t) => {
  const refused: [object, RegExp][] = [
    [{ ...row, chosen: { ...chosen, reference: [-1] } }, /:2 chosen: expected 2 values of "reference"/],
    [{ ...row, rejected: { ...rejected, weights: [1] } }, /:2 rejected: expected 3 values of "weights"/],
    [{ ...row, rejected: { ...rejected, weights: [1, -1, 0] } }, /:2/],
    [{ ...row, chosen: { ...chosen, mask: [1, 1] } }, /:2.+mask/s],
  ];
  for (const [bad, message] of refused) assert.throws(() => losses(t, "dpo", {}, [row, bad]), userError(message));
  const file = path.join(scratch(t), "rows.jsonl");
  writeFileSync(file, "");
  assert.throws(() => lossVerb(chooseObjective("dpo"), file, `${file}.out`), userError(/expected at least one row/));
});
