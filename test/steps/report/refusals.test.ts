/** What a report refuses, and what it warns of. */
import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sha256File } from "../../../lib/base/hash";
import { writeJsonl } from "../../../lib/base/jsonl";
import type { Named } from "../../../lib/steps/report/answers";
import { writeReport } from "../../../lib/steps/report/report";
import { tinyPairs } from "../../cli/data";
import { filesBelow } from "../../cli/process";
import { editJson, userError, inOrder } from "../../golden/fixtures";
import { questions, answersOf, folder } from "./answersFolder";

test("nothing but an earlier report is replaced", { timeout: 120_000 }, async (t) => {
  const { at, request } = folder(t);
  const left = () => filesBelow(at("report"));
  const refused = async (got: string, changes: Partial<typeof request> = {}) => {
    const before = left();
    await assert.rejects(
      writeReport({ ...request, ...changes }),
      userError(
        inOrder(
          /report: expected no folder, or one of nothing but an earlier report's files, which are replaced, /,
          new RegExp(`got "${got}"`),
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
  const { at, named, request } = folder(t);
  const [base, mask] = ["base", "mask"].map((name) => answersOf(name, 0.5, 1));
  const edited = (rows: readonly object[]): Named => {
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
    inOrder(
      /--trained mask: expected a folder that training left, with /,
      /.+x\.run\/log\.jsonl beside it or log\.jsonl inside, got .+x\. /,
    ),
  );
  await refused(
    { sampled: named("base") },
    /base\.jsonl: expected at least 2 answers to every question, for best of N, got 1\. Sample with --k 16/,
  );
  await refused(
    { answers: [...named("base", "mask"), edited([...base!, { ...base![0]!, questionId: "q9" }])] },
    /edited\.jsonl:9: expected an answer to a question of .+, got one to "q9"/,
  );
  await refused(
    { answers: [...named("base", "mask"), edited(mask!.map((row) => ({ ...row, completion: "", sentences: [] })))] },
    /edited\.jsonl: expected answers that state something, got none with a sentence/,
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
    const { at, named, request } = folder(t);
    const judged = (name: string, changes = {}) => {
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
        warning: warnings.filter((warning) => warning.includes("judged alike")).join(),
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
  const { at, request } = folder(t);
  const pairs = tinyPairs(3).map((pair, i) => ({ ...pair, topic: `t${i + 2}` }));
  writeJsonl(at("pairs.jsonl"), pairs);
  const { warnings } = await writeReport({ ...request, pairs: at("pairs.jsonl") });
  assert.deepEqual(warnings.slice(0, 1), [
    `2 of the 4 topics of ${at("questions.jsonl")} are also topics of ${at("pairs.jsonl")} ("t2"), ` +
      "so they are not held out.",
  ]);
});
