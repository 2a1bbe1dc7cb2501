/** The rows of mask-dpo logps, and transformers' own numbers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";

export interface LogpsRow {
  questionId: string;
  chosenLogps: number;
  rejectedLogps: number;
  chosenTokens: number;
  rejectedTokens: number;
  chosenUnmasked: number;
  rejectedUnmasked: number;
}

export const python = process.env.MASK_DPO_PYTHON ?? "python3";
export const hasTorch =
  spawnSync(
    python,
    ["-c", "import importlib.util as u; exit(not (u.find_spec('torch') and u.find_spec('transformers')))"],
    { timeout: 60_000 },
  ).status === 0;

/** Compares rows of `mask-dpo logps` with what transformers computes. */
export function agreesWithTransformers(model: string, pairs: string, mask: string, rows: readonly LogpsRow[]): void {
  const { status, stdout, stderr } = spawnSync(python, [path.join(__dirname, "logps.py"), model, pairs, mask], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0, stderr);
  const expected = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LogpsRow);
  assert.deepEqual(
    rows.map(({ questionId }) => questionId),
    expected.map(({ questionId }) => questionId),
  );
  rows.forEach((row, i) => {
    for (const side of ["chosenLogps", "rejectedLogps"] as const) {
      assert.ok(
        Math.abs(row[side] - expected[i]![side]) < 1e-3,
        `${row.questionId}, ${side}: ${row[side]} here, ${expected[i]![side]} by transformers`,
      );
    }
  });
}
