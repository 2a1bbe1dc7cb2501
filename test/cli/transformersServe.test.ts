/** A real server: transformers serve, where a Python has it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import type { Candidate } from "../../lib/factuality/records";
import type { Served } from "../../lib/preference/serverSample";
import { scratch } from "../golden/fixtures";
import * as here from "./here";
import { rowsOf } from "./process";
import { pythonOf, startTransformers, transformersInstall, transformersModules, whySkipped } from "./realServer";

const variable = "MASK_DPO_PYTHON";
const base = path.join(projectRoot, "data/atlas/base");
const skip = existsSync(base)
  ? whySkipped(variable, transformersModules, transformersInstall)
  : "data/atlas/base is not there";

test(
  "a real server: `transformers serve` gives greedily what our own sampler gives",
  { timeout: 240_000, skip },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const url = await startTransformers(t, pythonOf(variable), base);
    await here.succeed(["world", "questions", "--split", "test", "--first", "16", "--out", at("questions.jsonl")]);
    const greedy = [
      "sample",
      "--questions",
      at("questions.jsonl"),
      "--k",
      "1",
      "--temperature",
      "0",
      "--top-k",
      "0",
      "--max-new-tokens",
      "64",
    ];
    await here.succeed([...greedy, "--model", base, "--out", at("here.jsonl")]);
    const said = await here.succeed([
      ...greedy,
      "--server",
      url,
      "--model-name",
      base,
      "--tokenizer",
      base,
      "--concurrency",
      "2",
      "--out",
      at("served.jsonl"),
    ]);
    assert.match(said, /^16 candidates in .+; \d+ prompt \+ \d+ completion tokens\n$/);
    const [own, there] = [rowsOf<Candidate>(at("here.jsonl")), rowsOf<Candidate>(at("served.jsonl"))];
    const byId = new Map(own.map((row) => [row.questionId, row]));
    for (const { questionId, completion: text } of there)
      assert.equal(text, byId.get(questionId)!.completion, questionId);
    for (const { questionId, finish, completionTokens } of rowsOf<Served>(
      path.join(`${at("served.jsonl")}.run`, "served.1-of-1.jsonl"),
    )) {
      assert.equal(
        completionTokens,
        byId.get(questionId)!.tokenIds!.length + (finish === "stop" ? 1 : 0),
        `${questionId}: tokens`,
      );
    }
  },
);
