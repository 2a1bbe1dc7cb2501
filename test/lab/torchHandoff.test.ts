/** The hand-off to PyTorch: what it writes; and, where a Python has torch, two processes whose losses are ours. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { paperTraining } from "../../lib/align/train";
import { projectRoot } from "../../lib/base/files";
import { writeJsonl } from "../../lib/base/jsonl";
import { startEngine } from "../../lib/engine/backend";
import { exportTorchVerb } from "../../lib/lab/formatVerbs";
import { trainRun } from "../../lib/lab/trainRun";
import { logpsVerb } from "../../lib/lab/verbs";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { tokenizePairs, type TokenizedSide } from "../../lib/preference/collate";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { tinyModel, tinyPairs, writePairs } from "../cli/data";
import { rowsOf } from "../cli/process";
import { scratch, userError } from "../golden/fixtures";
import { atlasPairs } from "./atlasPairs";

interface TokenRow { questionId: string; chosen: { ids: number[]; mask: number[] }; rejected: { ids: number[]; mask: number[] } }
interface StepRow { step: number; lr: number; pairs: number[] }
const filesOf = (out: string) => ({ tokens: rowsOf<TokenRow>(path.join(out, "tokens.jsonl")), steps: rowsOf<StepRow>(path.join(out, "steps.jsonl")), recipe: JSON.parse(readFileSync(path.join(out, "recipe.json"), "utf8")) as Record<string, unknown> });

test("tokens and masks are the collator's; every epoch takes each pair once; rates warm up and fall to 0", (t) => {
  const dir = scratch(t), out = path.join(dir, "torch"), pairs = writePairs(path.join(dir, "pairs.jsonl"), 11);
  const options = { ...paperTraining, batch: 4, epochs: 2, warmup: 0.3 };
  const { report, steps } = exportTorchVerb({ policyDir: tinyModel, pairs, mask: "paper", options, seed: 3, out });
  const { tokens, steps: rows, recipe } = filesOf(out);
  assert.deepEqual([report.kept, steps, rows.length], [11, 6, 6]);
  const tokenizer = loadTokenizer(tinyModel), side = ({ ids, lossMask }: TokenizedSide) => ({ ids: [...ids], mask: [...lossMask] });
  const expected = tokenizePairs(tinyPairs(11), tokenizer, (prompt) => promptIds(tokenizer, prompt), { mask: "paper", maxPositions: 256 }).pairs;
  assert.deepEqual(tokens, expected.map(({ questionId, chosen, rejected }) => ({ questionId, chosen: side(chosen), rejected: side(rejected) })));
  for (const epoch of [0, 1]) assert.deepEqual(rows.slice(3 * epoch, 3 * epoch + 3).flatMap((row) => row.pairs).sort((a, b) => a - b), Array.from({ length: 11 }, (_, i) => i));
  assert.notDeepEqual(rows[0]!.pairs, rows[3]!.pairs);
  assert.deepEqual(rows.map(({ step, lr }) => [step, Math.round((1000 * lr) / options.lr)]), [[1, 500], [2, 1000], [3, 1000], [4, 854], [5, 500], [6, 146]]);
  assert.deepEqual([recipe["mask"], recipe["beta"], recipe["betas"], recipe["pairs"]], ["paper", 0.1, [0.9, 0.999], 11]);
});

test("a folder of other files, pairs that the mask empties, a model without tokenizer", (t) => {
  const dir = scratch(t), pairs = writePairs(path.join(dir, "pairs.jsonl"), 2);
  const request = { policyDir: tinyModel, pairs, mask: "paper" as const, options: paperTraining, seed: 1, out: path.join(dir, "torch") };
  assert.throws(() => exportTorchVerb({ ...request, out: dir }), userError(/expected no folder, an empty one or an earlier export, got a folder of other files/));
  const empty = path.join(dir, "empty.jsonl");
  writeJsonl(empty, tinyPairs(2).map((pair) => ({ ...pair, rejected: { ...pair.rejected, sentences: [] } })));
  assert.throws(() => exportTorchVerb({ ...request, pairs: empty }), userError(/pairs: expected at least one pair to train on, got 2 pairs, of which the mask empties a side of 2/));
  assert.throws(() => exportTorchVerb({ ...request, policyDir: dir }), userError(/config\.json: expected a readable file/));
  writeFileSync(empty, "");
  assert.throws(() => exportTorchVerb({ ...request, pairs: empty }), userError(/empty\.jsonl: expected at least one pair, got an empty file/));
});

const python = process.env.MASK_DPO_PYTHON ?? "python3";
const hasTorch = spawnSync(python, ["-c", "import importlib.util as u; exit(not (u.find_spec('torch') and u.find_spec('transformers') and u.find_spec('accelerate')))"], { timeout: 60_000 }).status === 0;
test("two processes of torch: ten losses within 1e-4 of ours; their checkpoint is read back", { timeout: 600_000, skip: hasTorch ? false : `${python} has no torch, transformers and accelerate; name a Python that has in MASK_DPO_PYTHON` }, async (t) => {
  const dir = scratch(t), at = (name: string) => path.join(dir, name);
  const base = path.join(projectRoot, "data/atlas/base"), rows = await atlasPairs(301), pairs = at("pairs.jsonl");
  writeJsonl(pairs, rows);
  // 31 pairs a step and 22 in the last: two processes never have as many
  const run = { mask: "paper" as const, options: { ...paperTraining, batch: 31, epochs: 1, lr: 1e-4, weightDecay: 0.01 }, seed: 5 };
  const { steps } = exportTorchVerb({ ...run, policyDir: base, pairs, out: at("torch") });
  assert.equal(steps, 10);
  const launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", at("torch/train.py"), "--model", base, "--out", at("theirs"), "--microbatch", "8"];
  const { status, stdout, stderr } = spawnSync(python, launch, { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false" } });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^2 processes, DistributedType\.MULTI_CPU/);
  const other = spawnSync(python, [at("torch/train.py"), "--model", tinyModel, "--out", at("other")], { encoding: "utf8" });
  assert.equal(other.status, 1);
  assert.match(other.stderr, /llama-tied-mha: expected the tokenizer\.json that the ids came from, got another\./);

  await startEngine();
  const { logs } = await trainRun({ ...run, policyDir: base, pairs: rows, out: at("ours") });
  const theirs = rowsOf<Record<string, number>>(at("theirs/log.jsonl"));
  const gap = (key: "loss" | "margin" | "gradNorm") => Math.max(...logs.map((log, i) => Math.abs(log[key] - theirs[i]![key]!)));
  t.diagnostic(`ten steps, largest differences: loss ${gap("loss").toExponential(1)}, margin ${gap("margin").toExponential(1)}, gradient norm ${gap("gradNorm").toExponential(1)}; loss ${logs[0]!.loss.toFixed(4)} to ${logs[9]!.loss.toFixed(4)}`);
  assert.deepEqual([theirs.length, logs.length], [10, 10]);
  assert.ok(gap("loss") < 1e-4 && gap("margin") < 1e-3 && gap("gradNorm") < 1e-3);
  assert.ok(logs[9]!.loss < logs[0]!.loss - 0.02, "they learn something");

  const logpsOf = async (model: string, name: string) => {
    await logpsVerb({ model, pairs, mask: "paper", seed: 5, out: at(name) });
    return rowsOf<Record<string, number>>(at(name)).flatMap(({ chosenLogps, rejectedLogps }) => [chosenLogps!, rejectedLogps!]);
  };
  const apart = (a: readonly number[], b: readonly number[]) => { assert.equal(a.length, b.length); return Math.max(...a.map((x, i) => Math.abs(x - b[i]!))); };
  const reference = rowsOf<Record<string, number>>(at("theirs/reference.jsonl")).flatMap(({ chosenLogps, rejectedLogps }) => [chosenLogps!, rejectedLogps!]);
  const before = await logpsOf(base, "before.jsonl"), theirsAfter = await logpsOf(at("theirs"), "theirs.jsonl"), oursAfter = await logpsOf(at("ours"), "ours.jsonl");
  const asked = spawnSync(python, [path.join(projectRoot, "test/cli/logps.py"), at("theirs"), pairs, "paper"], { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(asked.status, 0, asked.stderr);
  const byTransformers = asked.stdout.trim().split("\n").map((line) => JSON.parse(line) as Record<string, number>).flatMap(({ chosenLogps, rejectedLogps }) => [chosenLogps!, rejectedLogps!]);
  const gaps = { reference: apart(reference, before), transformers: apart(byTransformers, theirsAfter), trained: apart(oursAfter, theirsAfter), moved: apart(before, oursAfter) };
  t.diagnostic(`sums of log-probabilities, largest differences: reference ${gaps.reference.toExponential(1)}, their checkpoint here and in transformers ${gaps.transformers.toExponential(1)}, theirs and ours after ten steps ${gaps.trained.toExponential(1)} (training moved them by up to ${gaps.moved.toFixed(1)})`);
  assert.ok(gaps.reference < 1e-3 && gaps.transformers < 1e-3 && gaps.trained < 1e-2 && gaps.moved > 1);
  assert.deepEqual(readCheckpoint(at("theirs")).config, readCheckpoint(base).config);
});
