/** Real servers with a real model, where it was fetched before: llama.cpp's and transformers'. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { knownModels } from "../../lib/model/known";
import { fetchVerb, modelCache } from "../../lib/steps/fetch/fetch";
import { wheelFile } from "../../lib/steps/fetch/wheel";
import { scratch } from "../golden/fixtures";
import {
  annotateFrom,
  freePort,
  pythonOf,
  sampleFrom,
  startServer,
  startTransformers,
  transformersInstall,
  transformersModules,
  whySkipped,
} from "./realServer";

const { name, source } = knownModels[0]!;

/** The model's GGUF file; undefined where it was not fetched, and the test is skipped. */
async function fetched(t: TestContext): Promise<string | undefined> {
  const file = wheelFile(source, await modelCache());
  if (existsSync(file)) return file;
  t.skip(`${name} is not in the cache: mask-dpo fetch ${name} --out DIR`);
}

/** Samples and annotates; what was said is the test's own diagnosis. */
async function tried(t: TestContext, url: string, model: string, more: readonly string[] = []): Promise<void> {
  const dir = scratch(t);
  const server = ["--server", url, "--model-name", model];
  const sampled = await sampleFrom(dir, server, more);
  assert.match(sampled.said, /^8 candidates in .+; [1-9]\d* prompt \+ [1-9]\d* completion tokens/);
  assert.ok(new Set(sampled.rows.map(({ completion }) => completion)).size > 4, "seeds differ");
  const { said, calls } = await annotateFrom(dir, server, sampled);
  assert.ok(calls >= 2, said);
  for (const line of [sampled.said, said]) t.diagnostic(line.trim().replaceAll(dir, ""));
}

const llama = "MASK_DPO_LLAMA_PYTHON";
test(
  "llama.cpp's server: sample and annotate",
  { skip: whySkipped(llama, ["xllamacpp"], "xllamacpp"), timeout: 600_000 },
  async (t) => {
    const file = await fetched(t);
    if (file === undefined) return;
    const port = await freePort();
    const url = await startServer(t, pythonOf(llama), [path.join(__dirname, "llama_server.py"), file, String(port)], {
      port,
    });
    const { data } = (await (await fetch(`${url}/models`)).json()) as { data: { id: string }[] };
    await tried(t, url, data[0]!.id);
  },
);

/** It knows top_k and sampling only so, and is greedy else. */
const sampling = ["--top-k", "0", "--extra", JSON.stringify({ generation_config: '{"do_sample":true,"top_k":40}' })];
const transformers = "MASK_DPO_PYTHON";
test(
  "transformers serve: sample and annotate",
  {
    skip: whySkipped(transformers, transformersModules, transformersInstall),
    timeout: 600_000,
  },
  async (t) => {
    if ((await fetched(t)) === undefined) return;
    const dir = path.join(scratch(t), "model");
    await fetchVerb({ name, out: dir });
    const url = await startTransformers(t, pythonOf(transformers), dir, 2);
    await tried(t, url, dir, sampling);
  },
);
