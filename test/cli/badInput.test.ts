/** Section 11: whatever is wrong with the input, exit code 1, one message that says where, what was expected, got and to do, and nothing lost. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import { readSafetensors, writeSafetensors } from "../../lib/model/safetensors";
import { editJson, scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { tinyModel, tinyPairs, writePairs, writeQuestions } from "./data";
import { refuse, run, succeed } from "./here";
import * as alone from "./process";
import { filesBelow } from "./process";

const env = { ENGINE: "wasm" }; // starts quickly, everywhere
const old = "an older result\n";

/** A folder with pairs, questions and an older result, and what must still be there after a refusal. */
function bench(t: TestContext): { dir: string; pairs: string; questions: string; out: string; unchanged: () => void } {
  const dir = scratch(t);
  const out = path.join(dir, "out.jsonl");
  writeFileSync(out, old);
  return {
    dir,
    out,
    pairs: writePairs(path.join(dir, "pairs.jsonl"), 4),
    questions: writeQuestions(path.join(dir, "questions.jsonl"), 3),
    unchanged() {
      assert.equal(readFileSync(out, "utf8"), old);
      assert.deepEqual(
        filesBelow(dir).filter(
          (name) => /\.tmp$|-new$|-old$|model\.safetensors$/.test(name) && !name.startsWith("model/"),
        ),
        [],
        "something half-written",
      );
    },
  };
}

/** Rewrites line n (from 1) of a JSONL file. */
function spoil(file: string, n: number, edit: (line: string) => string): void {
  writeFileSync(
    file,
    readFileSync(file, "utf8")
      .split("\n")
      .map((line, i) => (i === n - 1 ? edit(line) : line))
      .join("\n"),
  );
}

const rows: [what: string, edit: (line: string) => string, message: RegExp][] = [
  [
    "malformed JSON",
    (line) => line.slice(0, 40),
    /pairs\.jsonl:3: expected one JSON value, got .+\. Correct or remove that line\.$/,
  ],
  [
    "an unknown key",
    (line) => line.replace("{", '{"color":1,'),
    /pairs\.jsonl:3: expected a valid row .+, got unknown keys "color"/,
  ],
  [
    "a span outside the text",
    (line) => line.replace(/"end":\d+/, '"end":9999'),
    /pairs\.jsonl:3: expected a valid "chosen\.sentences\.0" \(span 0-9999 ends outside the text of \d+ characters\)/,
  ],
];
test("rows: malformed JSON, unknown keys, spans outside the text; the message names the line", async (t) => {
  const { dir, pairs, out, unchanged } = bench(t);
  for (const [what, edit, message] of rows) {
    writePairs(pairs, 4);
    spoil(pairs, 3, edit);
    await t.test(what, () => refuse(["logps", "--model", tinyModel, "--pairs", pairs, "--out", out], message, env));
  }
  await t.test("a missing file, in a process of its own", () =>
    alone.refuse(
      ["pairs", "--candidates", path.join(dir, "none.jsonl"), "--out", out],
      /none\.jsonl: expected a readable file, got ENOENT/,
    ),
  );
  await t.test("an empty file", () => {
    writeFileSync(pairs, "");
    return refuse(
      ["train", "--model", tinyModel, "--pairs", pairs, "--out", path.join(dir, "policy")],
      /pairs\.jsonl: expected at least one pair, got an empty file/,
      env,
    );
  });
  await t.test("a question asked twice", () => {
    const questions = writeQuestions(path.join(dir, "twice.jsonl"), 2);
    writeFileSync(questions, readFileSync(questions, "utf8").repeat(2));
    return refuse(
      ["sample", "--model", tinyModel, "--questions", questions, "--out", path.join(dir, "c.jsonl")],
      /twice\.jsonl: expected every question id once, got "q0" twice/,
      env,
    );
  });
  unchanged();
  assert.deepEqual(filesBelow(dir), ["out.jsonl", "pairs.jsonl", "twice.jsonl", "questions.jsonl"].sort());
});

const models: [what: string, spoilModel: (dir: string) => void, message: RegExp][] = [
  [
    "NaN weights",
    (dir) => {
      const file = path.join(dir, "model.safetensors"),
        reader = readSafetensors(file);
      const tensors = new Map(reader.names.map((name) => [name, reader.get(name)]));
      tensors.get("model.layers.1.mlp.up_proj.weight")!.data[7] = NaN;
      writeSafetensors(file, tensors);
    },
    /model: expected finite numbers in weight model\.layers\.1\.mlp\.up_proj\.weight, got NaN at element 7/,
  ],
  [
    "a truncated safetensors file",
    (dir) => truncateSync(path.join(dir, "model.safetensors"), 20_000),
    /model\.safetensors: expected \d+ bytes, as the header says, got 20000 \(the file is truncated\)/,
  ],
  [
    "another architecture",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c["architectures"] = ["GPT2LMHeadModel"];
        c["model_type"] = "gpt2";
      }),
    /config\.json: expected .*LlamaForCausalLM.*, got .*GPT2LMHeadModel/,
  ],
  [
    "a tokenizer with more ids than the model",
    (dir) => {
      for (const name of ["tokenizer.json", "tokenizer_config.json"])
        cpSync(goldenPath("models", "llama-gqa-llama3", name), path.join(dir, name));
      editJson(path.join(dir, "config.json"), (c) => {
        c["vocab_size"] = 300;
      });
    },
    /model: expected a tokenizer with at most 300 ids .+, got ids up to \d+/,
  ],
  [
    "no weights",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c["num_hidden_layers"] = 3;
      }),
    /model: expected weight model\.layers\.2\.self_attn\.q_proj\.weight .+, got no such tensor/,
  ],
];
test("models: NaN, truncated, another architecture, a tokenizer that does not fit", async (t) => {
  const { dir, pairs, out, unchanged } = bench(t);
  for (const [what, spoilModel, message] of models) {
    const model = path.join(dir, "model");
    cpSync(tinyModel, model, { recursive: true });
    spoilModel(model);
    await t.test(what, () =>
      refuse(["train", "--model", model, "--pairs", pairs, "--out", path.join(dir, "policy")], message, env),
    );
  }
  await t.test("a missing folder", () =>
    refuse(
      ["logps", "--model", path.join(dir, "none"), "--pairs", pairs, "--out", out],
      /none: expected a checkpoint folder, got nothing there/,
      env,
    ),
  );
  assert.ok(
    !existsSync(path.join(dir, "policy")) && !existsSync(path.join(dir, "policy.run")),
    "a refused training leaves nothing",
  );
  unchanged();
});

test(
  "training: no pair left by the mask, a diverging run, foreign folders, another configuration",
  { timeout: 60_000 },
  async (t) => {
    const { dir, pairs, questions, out } = bench(t);
    const train = (to: string, ...more: string[]) => [
      "train",
      "--model",
      tinyModel,
      "--pairs",
      pairs,
      "--out",
      path.join(dir, to),
      "--batch",
      "2",
      ...more,
    ];
    await t.test("every pair emptied by the mask", () => {
      const empty = path.join(dir, "empty.jsonl");
      writeJsonl(
        empty,
        tinyPairs(2).map((pair) => ({
          ...pair,
          rejected: {
            ...pair.rejected,
            sentences: pair.rejected.sentences.map((s) => ({ ...s, verdict: "supported" })),
          },
        })),
      );
      return refuse(
        ["train", "--model", tinyModel, "--pairs", empty, "--out", path.join(dir, "policy")],
        /pairs: expected at least one pair to train on, got 2 pairs, of which the mask empties a side of 2/,
        env,
      );
    });
    await t.test("a loss that is not finite names its pairs and keeps the last checkpoint", async () => {
      await refuse(
        train("diverged", "--lr", "1e20", "--warmup", "0", "--checkpoint-every", "1", "--epochs", "9"),
        /train: expected a finite (loss|gradient), got a non-finite one for pairs q\d.*The last checkpoint is kept\.$/,
        env,
      );
      const state = readSafetensors(path.join(dir, "diverged.run", "state.safetensors"));
      assert.ok(Number(state.metadata["step"]) >= 1);
      assert.ok(state.get("weights").data.every(Number.isFinite), "the checkpoint must be usable");
      assert.ok(!existsSync(path.join(dir, "diverged")));
    });
    await t.test("the run folder of another configuration", async () => {
      await succeed(train("policy", "--epochs", "1"), env);
      const weights = readFileSync(path.join(dir, "policy", "model.safetensors"));
      await refuse(
        train("policy", "--epochs", "2"),
        /policy\.run\/run\.json: expected a run with options\.epochs = 2, got one with options\.epochs = 1\. Use another output folder, or delete this one/,
        env,
      );
      assert.deepEqual(readFileSync(path.join(dir, "policy", "model.safetensors")), weights);
    });
    await t.test("an output that no run of ours began", async () => {
      mkdirSync(path.join(dir, "precious"));
      writeFileSync(path.join(dir, "precious", "thesis.txt"), "years of work");
      await refuse(train("precious"), /precious: expected nothing there, .+, got something else/, env);
      await refuse(
        ["sample", "--model", tinyModel, "--questions", questions, "--out", out],
        /out\.jsonl: expected nothing there, .+, got something else/,
        env,
      );
      assert.deepEqual(filesBelow(path.join(dir, "precious")), ["thesis.txt"]);
      assert.equal(readFileSync(out, "utf8"), old);
    });
    await t.test("the policy's own folder as output", () =>
      refuse(
        ["train", "--model", path.join(dir, "policy"), "--pairs", pairs, "--out", path.join(dir, "policy")],
        /policy: expected an output folder of its own/,
        env,
      ),
    );
  },
);

test("names: an unknown mask, preset, engine, verb; a forced engine that cannot start", async (t) => {
  const { pairs, out, unchanged } = bench(t);
  const logps = ["logps", "--model", tinyModel, "--pairs", pairs, "--out", out];
  const usage: [string[], RegExp][] = [
    [[...logps, "--mask", "soft"], /--mask <kind>.+soft.+Allowed choices are paper, none, inverted, random/],
    [["reproduce", "--preset", "huge"], /--preset <name>.+huge.+Allowed choices are smoke, small, quick, hour, full/],
    [["train", "--pairs", pairs], /required option '--out <dir>' not specified/],
    [["trian"], /unknown command 'trian'/],
    [["train", "--pairs", pairs, "--out", out, "--lr", "fast"], /--lr <x>.+fast.+Expected a number of at least 0/],
  ];
  for (const [args, message] of usage) {
    await t.test(args.join(" ").replaceAll(pairs, "…").replaceAll(out, "…").replaceAll(tinyModel, "…"), async () => {
      const { code, stdout, stderr } = await (args[0] === "trian" ? alone.run : run)(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
      assert.equal(stderr.match(/error:/g)?.length, 1, stderr);
    });
  }
  await t.test("ENGINE=cuda", () =>
    alone.refuse(logps, /ENGINE: expected native \| wasm \| webgpu \| cpu, got cuda/, { ENGINE: "cuda" }),
  );
  await t.test("--steps without --out would replace the shipped base", () =>
    refuse(["world", "pretrain", "--steps", "1"], /--steps: expected an --out folder/),
  );
  unchanged();
});

test("a full disk: one message that names the output; what was there stays", { timeout: 60_000 }, async (t) => {
  let disk = "";
  t.after(() => disk && spawnSync("umount", [disk])); // before the folder is removed
  const { dir, pairs } = bench(t);
  disk = path.join(dir, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=700k", "tmpfs", disk]).status !== 0)
    return t.skip("a file system of limited size cannot be mounted here");
  const questions = writeQuestions(path.join(dir, "many.jsonl"), 40);
  writeFileSync(path.join(disk, "logps.jsonl"), old);

  const train = [
    "train",
    "--model",
    tinyModel,
    "--pairs",
    pairs,
    "--out",
    path.join(disk, "policy"),
    "--batch",
    "2",
    "--epochs",
    "2",
    "--checkpoint-every",
    "1",
  ];
  await succeed(
    [...train.slice(0, -2), "--checkpoint-every", "100"].map((x) => x.replace(disk, dir)),
    env,
  );
  await refuse(
    train,
    /disk\/policy.*: expected space to write to, got ENOSPC: .+\. Free some space and run the same command again/,
    env,
  );
  assert.deepEqual(
    filesBelow(disk).filter((name) => /\.tmp$|\.new/.test(name)),
    [],
  );
  const sample = [
    "sample",
    "--model",
    tinyModel,
    "--questions",
    questions,
    "--out",
    path.join(disk, "candidates.jsonl"),
    "--k",
    "64",
    "--max-new-tokens",
    "40",
  ];
  await alone.refuse(sample, /candidates\.jsonl: expected space to write to, got ENOSPC/, env);
  const lines = readFileSync(path.join(disk, "candidates.jsonl"), "utf8");
  assert.ok(lines.endsWith("\n"), "half a row");
  assert.equal((lines.split("\n").length - 1) % 64, 0, "part of a question's rows");
  assert.throws(() => {
    for (;;) appendFileSync(path.join(disk, "filler"), Buffer.alloc(4096));
  }, /ENOSPC/); // what sampling gave back
  await refuse(
    ["logps", "--model", tinyModel, "--pairs", pairs, "--out", path.join(disk, "logps.jsonl")],
    /logps\.jsonl: expected space to write to, got ENOSPC/,
    env,
  );
  assert.equal(readFileSync(path.join(disk, "logps.jsonl"), "utf8"), old);

  rmSync(path.join(disk, "filler"));
  assert.equal(spawnSync("mount", ["-o", "remount,size=9m", disk]).status, 0);
  await succeed(train, env); // goes on once there is space
  assert.deepEqual(
    readFileSync(path.join(disk, "policy", "model.safetensors")),
    readFileSync(path.join(dir, "policy", "model.safetensors")),
  );
});
