/** The report on own policies: what it writes, that it is the same bytes again, and what it refuses. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { paperTraining } from "../../../lib/align/trainOptions";
import { sha256File } from "../../../lib/base/hash";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { Rng } from "../../../lib/base/rng";
import { comparePolicies } from "../../../lib/evaluation/compare";
import { annotatedCandidateSchema } from "../../../lib/factuality/records";
import { tokenizePairs } from "../../../lib/preference/collate";
import { readArtefacts } from "../../../lib/show/record";
import type { Cell } from "../../../lib/show/table";
import { writeReport } from "../../../lib/steps/report/report";
import { trainVerb } from "../../../lib/steps/train";
import { promptIds } from "../../../lib/text/prompt";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { tinyModel, tinyPairs, writePairs } from "../../cli/data";
import { filesBelow } from "../../cli/process";
import { editJson, userError, inOrder } from "../../golden/fixtures";
import { questions, folder } from "./answersFolder";

test(
  "tables, figures and page; the same bytes again, and nothing of an earlier report",
  { timeout: 120_000 },
  async (t) => {
    const { at, named, request } = folder(t);
    const { tables, warnings } = await writeReport({ ...request, pairs: writePairs(at("pairs.jsonl"), 6) });
    assert.deepEqual(
      tables.map(({ name }) => name),
      ["scores", "differences", "best-of-n", "pairs", "inputs"],
    );
    assert.ok(
      warnings.every((warning) => warning.startsWith("4 topics can show ")),
      warnings.join(),
    );
    const rows = (name: string) => tables.find((table) => table.name === name)!.rows;
    assert.deepEqual(
      rows("scores").map(({ label }) => label),
      ["base", "dpo", "mask", "base (sampled)", "mask (sampled)"],
    );
    assert.deepEqual(
      rows("differences").map(({ label }) => label),
      ["dpo", "mask", "mask (sampled)"],
    );
    const read = (name: string) => readJsonl(at(name), annotatedCandidateSchema);
    const { score } = comparePolicies(read("mask.jsonl"), read("base.jsonl"), questions, new Rng(7));
    const cell = rows("differences")[1]!.score as { value: number };
    assert.ok(Math.abs(cell.value - 100 * (score.a - score.b)) < 1e-9 && cell.value > 0);
    assert.equal(rows("differences")[1]!.p, score.p, "exact with 4 topics, whatever the seed");
    assert.deepEqual(
      rows("best-of-n").map(({ n }) => n),
      [1, 2, 4],
    );
    assert.deepEqual(readArtefacts(at("report")).unrecorded, ["report"]);

    const bytes = () => filesBelow(at("report")).map((name) => `${name} ${sha256File(path.join(at("report"), name))}`);
    const first = bytes();
    await writeReport({ ...request, pairs: at("pairs.jsonl") });
    assert.deepEqual(bytes(), first);
    await writeReport({ ...request, answers: named("base"), sampled: [] });
    assert.ok(!existsSync(at("report/best-of-n.svg")) && !existsSync(at("report/differences.md")));
    const tex = readFileSync(at("report/report.tex"), "utf8");
    for (const [, name] of tex.matchAll(/\\(?:input|includegraphics\[[^\]]*\])\{([^}]+)\}/g))
      assert.ok(existsSync(at(`report/${name}`)), name);
  },
);

/** Warnings of other kinds than those that so few topics, and one step of training, have. */
const said = (warnings: readonly string[]): string[] =>
  warnings.filter((warning) => !/^4 topics can show | hardly moved: /.test(warning));

test(
  "training: curves and settings of train and of the torch loop, masks on the pairs given, and a warning for others",
  { timeout: 120_000 },
  async (t) => {
    const { at, request } = folder(t);
    const pairs = writePairs(at("pairs.jsonl"), 6);
    const step = {
      step: 1,
      loss: 0.69,
      accuracy: 0.5,
      margin: 0,
      chosenReward: 0,
      rejectedReward: 0,
      gradNorm: 2,
      lr: 1e-5,
    };
    writeJsonl(at("torch/log.jsonl"), [step, { ...step, step: 2, loss: 0.5 }]);
    await trainVerb({
      model: tinyModel,
      pairs,
      mask: "paper",
      options: { ...paperTraining, epochs: 1, batch: 4 },
      seed: 3,
      out: at("policy"),
      lora: { rank: 2, alpha: 4, targets: ["q_proj"], rslora: false },
    });
    const trained = [
      { name: "dpo", file: at("torch") },
      { name: "mask", file: at("policy") },
    ];
    const { tables, figures } = await writeReport({ ...request, pairs, trained });
    const rows = (name: string) => tables.find((table) => table.name === name)!.rows;
    const tokenizer = loadTokenizer(tinyModel);
    assert.deepEqual(
      rows("training")
        .filter(({ what }) => ["mask", "seed", "adapter's rank", "steps", "loss"].includes(what as string))
        .map(({ p0, p1 }) => [p0, p1])
        .slice(0, 4),
      [
        [null, "paper"],
        [null, "2"],
        [null, "3"],
        ["2", "2"],
      ],
    );
    const { pairs: kept, report } = tokenizePairs(tinyPairs(6), tokenizer, (prompt) => promptIds(tokenizer, prompt), {
      mask: "paper",
      seed: 3,
      maxPositions: 256,
    });
    const share = (side: "chosen" | "rejected"): number => {
      const bits = kept.flatMap((pair) => Array.from(pair[side].weights.subarray(pair[side].promptLength)));
      return 100 * (bits.reduce((a, b) => a + b, 0) / bits.length);
    };
    assert.deepEqual(rows("masks"), [
      {
        name: "mask",
        mask: "paper",
        pairs: report.kept,
        emptied: report.emptied.length,
        tooLong: 0,
        chosen: share("chosen"),
        rejected: share("rejected"),
      },
    ] satisfies Record<string, Cell>[]);
    assert.deepEqual(
      figures.map(({ text }) => text),
      [
        "[figure scores] Factuality before and after alignment. 95 % intervals over 4 topics, differences paired.",
        "[figure best-of-n] Best of N",
        "[figure training] Training",
      ],
    );
    writeJsonl(at("others.jsonl"), tinyPairs(5));
    const { tables: other, warnings } = await writeReport({ ...request, pairs: at("others.jsonl"), trained });
    assert.deepEqual(said(warnings), [`mask was not trained on the pairs of ${at("others.jsonl")}.`]);
    assert.ok(!other.some(({ name }) => name === "masks"));

    editJson(at("policy/adapter_config.json"), (config) => {
      config.base_model_name_or_path = at("elsewhere");
    });
    const moved = await writeReport({ ...request, pairs, trained });
    assert.deepEqual(said(moved.warnings), [
      `What the mask of mask keeps is left out: there is no ${at("elsewhere/config.json")}, ` +
        "of the model its adapter was trained for.",
    ]);
    assert.ok(!moved.tables.some(({ name }) => name === "masks") && existsSync(at("report/training.svg")));

    const stopped = userError(
      inOrder(
        /--trained mask: expected a training that has ended, got one that was stopped, in .+policy\.run\. /,
        /Give the same mask-dpo train again/,
      ),
    );
    writeFileSync(at("policy.run/state.safetensors"), "");
    await assert.rejects(writeReport({ ...request, trained }), stopped);
    rmSync(at("policy.run/state.safetensors"));
    rmSync(at("policy"), { recursive: true });
    await assert.rejects(writeReport({ ...request, trained }), stopped);
  },
);
