/** No number of the command line can ask for more than a run could ever be. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import type { Command, Option } from "commander";
import { mostRows } from "../../lib/steps/sample";
import { scratch } from "../golden/fixtures";
import { createProgram } from "../../lib/cli/program";
import { tinyModel, writeQuestions } from "./data";
import { refuse } from "./here";

function optionsOf(command: Command, name = ""): { name: string; option: Option }[] {
  const own = command.options.map((option) => ({ name: `${name} ${option.long}`, option }));
  return [...own, ...command.commands.flatMap((sub) => optionsOf(sub, `${name} ${sub.name()}`))];
}

test("every number has an upper limit", () => {
  const numeric = optionsOf(createProgram({ out: () => undefined, err: () => undefined })).filter(({ option }) => {
    try {
      return typeof option.parseArg?.("1", undefined) === "number";
    } catch {
      return false;
    }
  });
  assert.ok(numeric.length > 30, `${numeric.length} numeric options`);
  for (const { name, option } of numeric)
    for (const huge of ["1e15", "1e308", String(Number.MAX_SAFE_INTEGER)])
      assert.throws(() => option.parseArg!(huge, undefined), { code: "commander.invalidArgument" }, `${name} ${huge}`);
});

test("nor do candidates and questions together", async (t) => {
  const dir = scratch(t);
  const questions = writeQuestions(path.join(dir, "questions.jsonl"), 101);
  const args = ["sample", "--questions", questions, "--k", "100000", "--out", path.join(dir, "out.jsonl")];
  const message = new RegExp(`--k: expected at most ${mostRows} completions in one run, got 100000 of each of 101`);
  await refuse([...args, "--model", tinyModel], message);
  await refuse([...args, "--server", "http://127.0.0.1:9/v1", "--model-name", "m"], message);
});
