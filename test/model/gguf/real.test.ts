/** A real model out of a GGUF file, where it was fetched before, beside transformers, where a Python has it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Rng } from "../../../lib/base/rng";
import { startEngineFor, loadPolicy } from "../../../lib/model/policy";
import { knownModels } from "../../../lib/model/known";
import { wheelFile } from "../../../lib/steps/fetch/wheel";
import { generate, greedySampling } from "../../../lib/model/generate";
import { fetchVerb, modelCache } from "../../../lib/steps/fetch/fetch";
import { promptIds } from "../../../lib/text/prompt";
import type { Message } from "../../../lib/text/message";
import { scratch } from "../../golden/fixtures";
import { readGolden } from "../../golden/golden";

const { name, source } = knownModels[0]!;
const python = process.env.MASK_DPO_PYTHON ?? "python3";
const probe = spawnSync(
  python,
  ["-c", "import importlib.util as u; exit(not all(map(u.find_spec, ['torch', 'transformers', 'gguf'])))"],
  { timeout: 60_000 },
);

const questions = [
  "Describe the city of Namangan in four short sentences.",
  "What is the capital of France?",
  "Write one sentence about rivers.",
  "In which country is Quito, and which currency is used there?",
  "List three languages spoken in Switzerland.",
  "What is 12 + 30?",
  "Who wrote Romeo and Juliet?",
];
const chats: Message[][] = [
  ...questions.map((content): Message[] => [{ role: "user", content }]),
  [
    { role: "system", content: "Answer in one short sentence." },
    { role: "user", content: "Is Lima in Peru?" },
    { role: "assistant", content: "Yes, it is its capital." },
    { role: "user", content: "And which ocean is near?" },
  ],
];
const newTokens = 48;

interface Asked {
  fileIds: number[][];
  folderIds: number[][];
  prompts: number[][];
  greedy: number[][];
  logits: number[];
}

test(`${name}: ids, logits and greedy answers are transformers'`, { timeout: 600_000 }, async (t) => {
  const file = wheelFile(source, await modelCache());
  if (!existsSync(file)) return t.skip(`${name} is not in the cache: mask-dpo fetch ${name} --out DIR`);
  if (probe.status !== 0)
    return t.skip(`${python} has no torch, transformers and gguf; name a Python that has in MASK_DPO_PYTHON`);
  const dir = path.join(scratch(t), "model");
  await fetchVerb({ name, out: dir });
  const { texts } = readGolden<{ texts: string[] }>("gguf", "vectors.json");
  const query = JSON.stringify({ texts, chats, newTokens });
  const run = spawnSync(python, [path.join(__dirname, "real.py"), file, dir, query], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(run.status, 0, run.stderr);
  const asked = JSON.parse(run.stdout) as Asked;

  await startEngineFor(dir);
  const { model, params, tokenizer, dispose } = loadPolicy(dir);
  assert.equal(texts.length, 200);
  texts.forEach((text, i) => {
    const { ids } = tokenizer.encode(text);
    assert.deepEqual(ids, asked.folderIds[i], JSON.stringify(text));
    // of GGUF files transformers does not know this model's rule, that digits stand alone
    if (!/[\s\p{N}]\p{N}/u.test(text)) assert.deepEqual(ids, asked.fileIds[i], JSON.stringify(text));
  });

  const prompts = chats.map((chat) => promptIds(tokenizer, chat));
  assert.deepEqual(prompts, asked.prompts);
  const all = model.logits(params, [prompts[0]!]);
  const logits = (all.dataSync() as Float32Array).slice(-model.config.vocabSize);
  all.dispose();
  const difference = logits.reduce((most, x, i) => Math.max(most, Math.abs(x - asked.logits[i]!)), 0);
  t.diagnostic(`largest difference of a logit: ${difference.toExponential(1)}`);
  assert.ok(difference < 1e-3, `a logit differs by ${difference}`);

  const requests = prompts.map((ids) => ({ promptIds: ids, streams: [new Rng(0)] }));
  const greedy: number[][] = [];
  const options = { ...greedySampling, maxNewTokens: newTokens };
  for await (const { request, completions } of generate(model.config, params, requests, options, tokenizer))
    greedy[request] = completions[0]!.ids;
  assert.deepEqual(greedy, asked.greedy);
  t.diagnostic(`${greedy.length} answers of ${greedy.map(({ length }) => length).join(", ")} tokens`);
  dispose();
});
