/** What a verb writes is never what it reads, nor what somebody else keeps there. */
import assert from "node:assert/strict";
import {
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sha256File } from "../../lib/base/hash";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { writeAdapter } from "../../lib/model/adapter/peft";
import { initialAdapter } from "../../lib/model/adapter/lora";
import { Rng } from "../../lib/base/rng";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { tinyModel, writePairs, writeQuestions } from "./data";
import { refuse, succeed } from "./here";
import { env } from "./refusal";

const posix = process.platform === "win32" ? "links and devices are of other kinds" : false;

/** Every input that verbs read, in one folder. */
function inputs(dir: string): (name: string) => string {
  const at = (name: string): string => path.join(dir, name);
  cpSync(tinyModel, at("model"), { recursive: true });
  writePairs(at("pairs.jsonl"), 4);
  writeQuestions(at("questions.jsonl"), 2);
  writeFileSync(at("candidates.jsonl"), '{"questionId":"q0","index":0,"completion":"A b.","seed":1}\n');
  writeFileSync(at("rows.jsonl"), '{"prompt":"p","chosen":"a","rejected":"b"}\n');
  const { config } = readCheckpoint(at("model"));
  const lora = { rank: 2, alpha: 4, targets: ["q_proj"], rslora: false };
  writeAdapter(at("adapter"), initialAdapter(config, lora, new Rng("outputs")), at("model"));
  return at;
}

/** Hashes of all files below a folder. */
const hashes = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => (statSync(path.join(dir, name)).isFile() ? `${name} ${sha256File(path.join(dir, name))}` : name));

const verbs: [verb: string, inputs: string[]][] = [
  ["pairs --candidates candidates.jsonl --questions questions.jsonl", ["candidates.jsonl", "questions.jsonl"]],
  ["inspect --pairs pairs.jsonl --model model", ["pairs.jsonl", "model/config.json", "model/tokenizer.json"]],
  ["logps --pairs pairs.jsonl --model model", ["pairs.jsonl", "model/model.safetensors"]],
  ["sample --questions questions.jsonl --model model --k 1", ["questions.jsonl", "model"]],
  ["evaluate --questions questions.jsonl --model model", ["questions.jsonl", "model/generation_config.json"]],
  ["annotate --candidates candidates.jsonl", ["candidates.jsonl"]],
  ["annotate --annotator factscore --knowledge rows.jsonl --candidates candidates.jsonl", ["rows.jsonl"]],
  ["import --from trl --in rows.jsonl", ["rows.jsonl"]],
  ["loss --in rows.jsonl", ["rows.jsonl"]],
  ["train --model model --pairs pairs.jsonl", ["model", "pairs.jsonl"]],
  ["merge --model model --adapter adapter", ["model", "adapter", "adapter/adapter_config.json"]],
  ["export --to torch --pairs pairs.jsonl --model model", ["model"]],
  ["report --questions questions.jsonl --answers base=candidates.jsonl", ["candidates.jsonl"]],
];

test("in every verb, by every name of the input", { skip: posix, timeout: 60_000 }, async (t) => {
  const dir = path.join(scratch(t), "inputs");
  const at = inputs(dir);
  symlinkSync("inputs", path.join(dir, "../link"));
  const before = hashes(dir);
  for (const [verb, names] of verbs) {
    const args = verb
      .split(" ")
      .map((word, i, all) =>
        /^--(pairs|candidates|questions|model|adapter|in|knowledge|answers)$/.test(all[i - 1] ?? "")
          ? word.replace(/[^=]+$/, (name) => at(name))
          : word,
      );
    for (const name of names)
      for (const spelling of [name, `../link/${name}`, `model/../${name}`])
        await t.test(`${verb.split(" ")[0]} --out ${spelling}`, async () => {
          await refuse(
            [...args, "--out", at(spelling)],
            /expected an output (file|folder) of its own, got .*an input/,
            env,
          );
          assert.deepEqual(hashes(dir), before);
        });
  }
  linkSync(at("pairs.jsonl"), at("hard.jsonl"));
  await refuse(
    ["inspect", "--pairs", at("pairs.jsonl"), "--model", at("model"), "--out", at("hard.jsonl")],
    /of its own/,
  );
  const trl = at("out/trl.jsonl");
  await succeed(["export", "--to", "trl", "--pairs", at("pairs.jsonl"), "--out", at("out")]);
  cpSync(at("pairs.jsonl"), trl);
  await refuse(
    ["export", "--to", "trl", "--pairs", trl, "--out", at("out")],
    /trl\.jsonl: expected an output file of its/,
  );
  assert.equal(sha256File(trl), sha256File(at("pairs.jsonl")));
});

test("Atlas is an input of all verbs that do not make it", async () => {
  for (const name of ["data/atlas/cities.jsonl", "data/atlas/base/config.json", "data/atlas/tokenizer.json"])
    for (const verb of ["questions", "corpus"])
      await refuse(["world", verb, "--out", name], /expected an output file of its own, got .*an input/);
});

test("merge and export leave alone what others keep in their folder; a second merge replaces the first", async (t) => {
  const dir = scratch(t);
  const at = inputs(dir);
  const merge = (out: string): string[] => [
    "merge",
    "--model",
    at("model"),
    "--adapter",
    at("adapter"),
    "--out",
    at(out),
  ];
  await succeed(merge("merged"));
  await succeed(merge("merged"));
  mkdirSync(at("merged/src"));
  writeFileSync(at("merged/src/mine.ts"), "mine");
  cpSync(goldenPath("models", "llama-tied-mha"), at("downloaded"), { recursive: true });
  for (const out of ["merged", "downloaded"]) {
    const before = hashes(at(out));
    await refuse(merge(out), /expected no folder, .+, got a folder of other files/);
    assert.deepEqual(hashes(at(out)), before);
  }
  mkdirSync(at("theirs"));
  for (const name of ["trl.jsonl", "mask_dpo.json", "axolotl-dataset.yml"])
    writeFileSync(at(`theirs/${name}`), "theirs");
  for (const to of ["trl", "llamafactory", "axolotl"])
    await refuse(
      ["export", "--to", to, "--pairs", at("pairs.jsonl"), "--out", at("theirs")],
      /theirs\/[\w.-]+: expected nothing there, or what mask-dpo-files\.json beside it names, got something else/,
    );
  for (const name of readdirSync(at("theirs"))) assert.equal(readFileSync(at(`theirs/${name}`), "utf8"), "theirs");
  for (const round of [1, 2])
    await succeed(["export", "--to", "axolotl", "--pairs", at("pairs.jsonl"), "--out", at("own")], {
      round: `${round}`,
    });
  mkdirSync(at("again/figures"), { recursive: true });
  writeFileSync(at("again/figures/mine.svg"), "mine");
  await refuse(
    ["reproduce", "--preset", "smoke", "--only", "00", "--out", at("again")],
    /again\/figures: expected nothing/,
  );
});

test("into a device, a pipe, and through a link", { skip: posix, timeout: 30_000 }, async (t) => {
  const dir = scratch(t);
  const at = inputs(dir);
  const sample = [
    "sample",
    "--questions",
    at("questions.jsonl"),
    "--model",
    at("model"),
    "--k",
    "2",
    "--max-new-tokens",
    "4",
  ];
  await succeed([...sample, "--out", "/dev/null"], env);
  await succeed(["inspect", "--pairs", at("pairs.jsonl"), "--model", at("model"), "--out", "/dev/null"], env);
  assert.ok(statSync("/dev/null").isCharacterDevice());
  assert.deepEqual(
    readdirSync("/dev").filter((name) => name.startsWith("null.")),
    [],
  );
  mkdirSync(at("far"));
  symlinkSync("far/rows", at("near.jsonl"));
  await succeed([...sample, "--out", at("near.jsonl")], env);
  assert.equal(readFileSync(at("far/rows"), "utf8").split("\n").length, 5);
  await refuse(
    ["train", "--model", at("model"), "--pairs", at("pairs.jsonl"), "--out", "/dev/null"],
    /expected no folder/,
    env,
  );
  rmSync(at("near.jsonl"));
});
