/** The report on own policies: what it writes, that it is the same bytes again, and what it refuses. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { paperTraining } from "../../../lib/align/trainOptions";
import { sha256File } from "../../../lib/base/hash";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { Rng } from "../../../lib/base/rng";
import { comparePolicies } from "../../../lib/evaluation/compare";
import {
  annotatedCandidateSchema,
  type AnnotatedCandidate,
  type Question,
  type Verdict,
} from "../../../lib/factuality/records";
import { readArtefacts } from "../../../lib/show/record";
import { writeReport } from "../../../lib/steps/report/report";
import type { Cell } from "../../../lib/show/table";
import { tokenizePairs } from "../../../lib/preference/collate";
import type { Named } from "../../../lib/steps/report/answers";
import { trainVerb } from "../../../lib/steps/train";
import { promptIds } from "../../../lib/text/prompt";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { filesBelow } from "../../cli/process";
import { tinyModel, tinyPairs, writePairs } from "../../cli/data";
import { editJson, scratch, userError } from "../../golden/fixtures";

const questions: Question[] = Array.from({ length: 8 }, (_, i) => ({
  id: `q${i}`,
  topic: `t${i >> 1}`,
  prompt: [{ role: "user", content: `And ${i}?` }],
}));

/** Answers of three sentences each, of which about this share is right. */
function answersOf(name: string, right: number, each: number): AnnotatedCandidate[] {
  const rng = new Rng(name),
    verdict = (): Verdict => (rng.next() < right ? (rng.next() < 0.2 ? "no-fact" : "supported") : "contradictory");
  return questions.flatMap(({ id }) =>
    Array.from({ length: each }, (_, index) => ({
      questionId: id,
      index,
      completion: "One. Two. Six.",
      seed: 1,
      sentences: [0, 5, 10].map((start) => ({ start, end: start + 4, verdict: verdict() })),
    })),
  );
}

interface Folder {
  at: (name: string) => string;
  named: (...names: string[]) => Named[];
  request: Parameters<typeof writeReport>[0];
}
/** Three policies, greedy and sampled, in files of their names. */
function folder(t: TestContext): Folder {
  const dir = scratch(t),
    at = (name: string) => path.join(dir, name),
    named = (...names: string[]) =>
      names.map((name) => ({ name: name.replace("-sampled", ""), file: at(`${name}.jsonl`) }));
  writeJsonl(at("questions.jsonl"), questions);
  for (const [name, right] of [
    ["base", 0.4],
    ["dpo", 0.5],
    ["mask", 0.8],
  ] as const) {
    writeJsonl(at(`${name}.jsonl`), answersOf(name, right, 1));
    writeJsonl(at(`${name}-sampled.jsonl`), answersOf(`${name} sampled`, right, 4));
  }
  return {
    at,
    named,
    request: {
      questions: at("questions.jsonl"),
      answers: named("base", "dpo", "mask"),
      sampled: named("mask-sampled", "base-sampled"),
      trained: [],
      out: at("report"),
      seed: 1,
    },
  };
}

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
    assert.deepEqual(warnings, []);
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
    const { score } = comparePolicies(read("mask.jsonl"), read("base.jsonl"), questions, new Rng(7)),
      cell = rows("differences")[1]!.score as { value: number };
    assert.ok(Math.abs(cell.value - 100 * (score.a - score.b)) < 1e-9 && cell.value > 0);
    assert.equal(rows("differences")[1]!.p, score.p, "exact with 4 topics, whatever the seed");
    assert.deepEqual(
      rows("best-of-n").map(({ n }) => n),
      [1, 2, 4],
    );
    assert.deepEqual(readArtefacts(at("report")).unrecorded, ["report"]);

    const bytes = () => filesBelow(at("report")).map((name) => `${name} ${sha256File(path.join(at("report"), name))}`),
      first = bytes();
    await writeReport({ ...request, pairs: at("pairs.jsonl") });
    assert.deepEqual(bytes(), first);
    await writeReport({ ...request, answers: named("base"), sampled: [] });
    assert.ok(!existsSync(at("report/best-of-n.svg")) && !existsSync(at("report/differences.md")));
    const tex = readFileSync(at("report/report.tex"), "utf8");
    for (const [, name] of tex.matchAll(/\\(?:input|includegraphics\[[^\]]*\])\{([^}]+)\}/g))
      assert.ok(existsSync(at(`report/${name}`)), name);
  },
);

test(
  "training: curves and settings of train and of the torch loop, masks on the pairs given, and a warning for others",
  { timeout: 120_000 },
  async (t) => {
    const { at, request } = folder(t),
      pairs = writePairs(at("pairs.jsonl"), 6);
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
    const rows = (name: string) => tables.find((table) => table.name === name)!.rows,
      tokenizer = loadTokenizer(tinyModel);
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
        "[figure scores] Factuality before and after alignment",
        "[figure best-of-n] Best of N",
        "[figure training] Training",
      ],
    );
    writeJsonl(at("others.jsonl"), tinyPairs(5));
    const { tables: other, warnings } = await writeReport({ ...request, pairs: at("others.jsonl"), trained });
    assert.deepEqual(warnings, [`mask was not trained on the pairs of ${at("others.jsonl")}.`]);
    assert.ok(!other.some(({ name }) => name === "masks"));

    editJson(at("policy/adapter_config.json"), (config) => {
      config.base_model_name_or_path = at("elsewhere");
    });
    const moved = await writeReport({ ...request, pairs, trained });
    assert.deepEqual(moved.warnings, [
      `What the mask of mask keeps is left out: there is no ${at("elsewhere/config.json")}, of the model its adapter was trained for.`,
    ]);
    assert.ok(!moved.tables.some(({ name }) => name === "masks") && existsSync(at("report/training.svg")));

    const stopped = userError(
      /--trained mask: expected a training that has ended, got one that was stopped, in .+policy\.run\. Give the same mask-dpo train again/,
    );
    writeFileSync(at("policy.run/state.safetensors"), "");
    await assert.rejects(writeReport({ ...request, trained }), stopped);
    rmSync(at("policy.run/state.safetensors"));
    rmSync(at("policy"), { recursive: true });
    await assert.rejects(writeReport({ ...request, trained }), stopped);
  },
);

test("nothing but an earlier report is replaced", { timeout: 120_000 }, async (t) => {
  const { at, request } = folder(t),
    left = () => filesBelow(at("report"));
  const refused = async (got: string, changes: Partial<typeof request> = {}) => {
    const before = left();
    await assert.rejects(
      writeReport({ ...request, ...changes }),
      userError(
        new RegExp(
          `report: expected no folder, or one of nothing but an earlier report's files, which are replaced, got "${got}"`,
        ),
      ),
    );
    assert.deepEqual(left(), before);
  };
  await writeReport(request);
  writeFileSync(at("report/report.aux"), "");
  await writeReport(request); // LaTeX was run there
  writeFileSync(at("report/notes.md"), "");
  await refused("notes.md");
  renameSync(at("report/notes.md"), at("report/report.bib"));
  await refused("report.bib");
  rmSync(at("report/report.bib"));
  cpSync(at("questions.jsonl"), at("report/questions.jsonl"));
  await refused("questions.jsonl", { questions: at("report/questions.jsonl") });
  rmSync(at("report/questions.jsonl"));
  editJson(at("report/report.json"), (record) => {
    record.versions = {};
  });
  await refused("best-of-n.figure.json");
  rmSync(at("report"), { recursive: true });
  writeJsonl(at("report/report.json"), [{ inputs: [] }]);
  await refused("report.json");
  await assert.rejects(
    writeReport({ ...request, out: at("base.jsonl") }),
    userError(/expected no folder, .+, got "base\.jsonl"/),
  );
});

test("what does not fit together is named", async (t) => {
  const { at, named, request } = folder(t),
    [base, mask] = ["base", "mask"].map((name) => answersOf(name, 0.5, 1)),
    edited = (rows: readonly object[]): Named => {
      writeJsonl(at("edited.jsonl"), rows);
      return { name: "edited", file: at("edited.jsonl") };
    };
  const refused = (changes: Partial<typeof request>, message: RegExp) =>
    assert.rejects(writeReport({ ...request, ...changes }), userError(message));
  await refused({ answers: [] }, /--answers: expected answers of at least one policy, got none/);
  await refused({ answers: named("base", "base") }, /--answers: expected every policy once, got "base" twice/);
  await refused(
    { answers: named("base", "dpo") },
    /--sampled: expected a policy of --answers \(base, dpo\), got "mask"/,
  );
  await refused(
    { trained: [{ name: "other", file: at("x") }] },
    /--trained: expected a policy of --answers \(base, dpo, mask\), got "other"/,
  );
  await refused(
    { trained: [{ name: "mask", file: at("x") }] },
    /--trained mask: expected a folder that training left, with .+x\.run\/log\.jsonl beside it or log\.jsonl inside, got .+x\. /,
  );
  await refused(
    { sampled: named("base") },
    /base\.jsonl: expected at least 2 answers to every question, for best of N, got 1\. Sample with --k 16/,
  );
  await refused(
    { answers: [...named("base", "mask"), edited([...base!, { ...base![0]!, questionId: "q9" }])] },
    /edited\.jsonl:9: expected an answer to one of the 8 questions of .+, got one to "q9"/,
  );
  await refused(
    { answers: [...named("base", "mask"), edited([...base!, base![2]!])] },
    /edited\.jsonl:9: expected every answer once, got answer 0 to "q2" twice/,
  );
  await refused(
    { answers: [...named("base", "mask"), edited(mask!.slice(1))] },
    /edited\.jsonl, question "q0": expected 1 answer, as many as to other questions, got 0/,
  );
  await refused(
    { answers: [...named("base", "mask"), { name: "more", file: at("mask-sampled.jsonl") }] },
    /--answers: expected as many answers to a question from every policy, got 1 from base, 1 from mask, 4 from more/,
  );
  writeJsonl(
    at("one.jsonl"),
    questions.map((question) => ({ ...question, topic: "t" })),
  );
  await refused({ questions: at("one.jsonl") }, /one\.jsonl: expected questions of at least 2 topics, .+, got 1/);
  await refused(
    { answers: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => ({ name: `p${i}`, file: at("base.jsonl") })), sampled: [] },
    /--answers: expected at most 7 policies/,
  );
  await refused({ out: path.dirname(at("base.jsonl")) }, /expected no folder, .+, got "base-sampled\.jsonl"/);
});

test(
  "answers that were not judged alike are warned of, and a judge is believed only for what it wrote",
  { timeout: 120_000 },
  async (t) => {
    const { at, named, request } = folder(t),
      judged = (name: string, changes = {}) => {
        writeJsonl(at(`${name}.jsonl.run/run.json`), [
          {
            annotator: "anah",
            model: "a",
            candidates: name,
            questions: "",
            source: "s",
            seed: 1,
            tries: 3,
            extra: {},
            ...changes,
          },
        ]);
        writeFileSync(at(`${name}.jsonl.run/out.sha256`), `${sha256File(at(`${name}.jsonl`))}\n`);
      };
    const report = async (...names: string[]) => {
      const { warnings, tables } = await writeReport({ ...request, answers: named(...names), sampled: [] });
      return {
        warning: warnings.join(),
        judges: tables
          .at(-1)!
          .rows.slice(1)
          .map(({ annotator }) => annotator),
      };
    };
    for (const name of ["base", "mask"]) judged(name);
    assert.deepEqual(await report("base", "mask"), { warning: "", judges: ["anah, a", "anah, a"] });
    judged("mask", { model: "b" });
    const { warning, judges } = await report("base", "mask");
    assert.match(
      warning,
      /^The answers were not all judged alike, .+base\.jsonl \(model "a"\), .+mask\.jsonl \(model "b"\)\.$/,
    );
    assert.deepEqual(judges, ["anah, a", "anah, b"]);
    for (const changes of [
      { source: "t" },
      { tries: 4 },
      { extra: { top_p: 1 } },
      { options: { answers: 20 } },
      { options: { answerModel: "c" } },
    ]) {
      judged("mask", changes);
      assert.match(
        (await report("base", "mask")).warning,
        new RegExp(`not all judged alike.+\\(.*${Object.keys(changes)[0]}.*\\)`),
      );
    }
    judged("mask");
    writeJsonl(at("mask.jsonl"), answersOf("other", 0.5, 1));
    const overwritten = await report("base", "mask");
    assert.match(overwritten.warning, /mask\.jsonl \(not recorded\)\.$/);
    assert.deepEqual(overwritten.judges, ["anah, a", null]);
  },
);

test("questions on topics that were trained on are warned of", async (t) => {
  const { at, request } = folder(t),
    pairs = tinyPairs(3).map((pair, i) => ({ ...pair, topic: `t${i + 2}` }));
  writeJsonl(at("pairs.jsonl"), pairs);
  const { warnings } = await writeReport({ ...request, pairs: at("pairs.jsonl") });
  assert.deepEqual(warnings, [
    `2 of the 4 topics of ${at("questions.jsonl")} are also topics of ${at("pairs.jsonl")} ("t2"), so they are not held out.`,
  ]);
});
