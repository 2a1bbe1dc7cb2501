/**
 * What has to work on every Node version, at the smallest size: run by test/node/stage.mjs with that version's program,
 * which every process started here uses too. No warning may come between the lines for people.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Database } from "node-sqlite3-wasm";
import { databaseArticles } from "../../lib/factuality/knowledge/documentDb";
import { KernelClient } from "../../lib/notebook/kernelClient";
import type { Content } from "../../lib/kernel/jupyterWire";
import { histogramFigure } from "../../lib/show/figure/bars";
import { launchChromium } from "../../lib/show/figure/chromium";
import { withRenderer } from "../../lib/show/figure/openRenderer";
import type { Renderer } from "../../lib/show/figure/renderer";
import { palette } from "../../lib/show/palette";
import { tinyModel, writePairs } from "../cli/data";
import { run, startNode } from "../cli/process";
import { installed, softwareAdapter } from "../engine/softwareAdapter";
import { scratch } from "../golden/fixtures";

const warnings: string[] = [];
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

/** `mask-dpo ...args`, which must succeed without a warning. */
async function quiet(args: readonly string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await run(args);
  assert.equal(code, 0, `${args[0]} ended with ${code ?? signal}: ${stdout}${stderr}`);
  assert.doesNotMatch(stderr, /warning/i);
  return stdout;
}

test("doctor", async () => {
  const said = await quiet(["doctor"]);
  assert.ok(said.includes(`Node                 ${process.version} `), said);
});

test("the kernel, over zeromq, compiles with tslab and runs on this Node", async () => {
  const kernel = await KernelClient.start();
  const outputs: { type: string; content: Content }[] = [];
  try {
    const code = `const where: string = [process.version, process.execPath].join(" "); where`;
    const reply = await kernel.execute(code, (type, content) => outputs.push({ type, content }));
    assert.equal(reply["status"], "ok", JSON.stringify(reply));
  } finally {
    await kernel.stop();
  }
  const data = outputs.find(({ type }) => type === "execute_result")?.content["data"];
  assert.deepEqual(data, { "text/plain": `${process.version} ${process.execPath}` });
});

test("a notebook", async (t) => {
  const out = scratch(t);
  await quiet(["reproduce", "--only", "00", "--preset", "smoke", "--out", out]);
  assert.doesNotMatch(readFileSync(path.join(out, "notebooks/00-overview.ipynb"), "utf8"), /warning/i);
});

test("training, killed and resumed, ends with bitwise the weights of an undisturbed run", async (t) => {
  const dir = scratch(t);
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 24);
  const sizes = ["--lr", "1e-3", "--batch", "4", "--microbatch", "2", "--checkpoint-every", "4"];
  const model = ["--model", tinyModel, "--pairs", pairs, ...sizes];
  const train = (out: string) => ["train", ...model, "--out", path.join(dir, out)];
  await quiet(train("calm"));
  assert.equal((await run(train("killed"), { KILL_AT: "renamed state.safetensors 2" })).signal, "SIGKILL");
  await quiet(train("killed"));
  const weights = (out: string) => readFileSync(path.join(dir, out, "model.safetensors"));
  assert.deepEqual(weights("killed"), weights("calm"));
});

const series = [{ label: "base", style: palette.base, values: [0, 1] }];
const bars = histogramFigure({ name: "scores", title: "Scores", xTitle: "score", range: [0, 1], bins: 2, series });
async function draws(engine: Renderer["engine"]): Promise<void> {
  const { png, pdf } = await withRenderer((renderer) => renderer.render(bars), engine);
  assert.equal(Buffer.from(png.subarray(1, 4)).toString(), "PNG");
  assert.equal(Buffer.from(pdf.subarray(0, 4)).toString(), "%PDF");
}

test("resvg draws a figure", () => draws("browserless"));

test("Chromium draws a figure", async (t) => {
  const launched = await launchChromium();
  if ("failures" in launched) return t.skip(launched.failures.join("; "));
  await launched.browser.close();
  await draws("chromium");
});

test("SQLite writes and reads", (t) => {
  const file = path.join(scratch(t), "documents.db");
  const database = new Database(file);
  database.run("CREATE TABLE documents (title PRIMARY KEY, text)");
  database.run("INSERT INTO documents VALUES ('Utrecht', '<s>A city.</s>')");
  database.close();
  assert.deepEqual([...databaseArticles(file, ["Utrecht", "Delft"])], [{ title: "Utrecht", passages: ["A city."] }]);
});

test("WebGPU computes", { skip: installed ? false : "the optional package webgpu is not installed" }, async (t) => {
  const probe = ["--import", "tsx", path.join(__dirname, "../engine/probe.ts"), "start"];
  const { code, stdout, stderr } = await startNode(probe, { ENGINE: "webgpu", ...softwareAdapter(scratch(t)) }).ended;
  if (/no WebGPU adapter/.test(stderr)) return t.skip("no adapter");
  assert.equal(code, 0, stderr);
  assert.deepEqual((JSON.parse(stdout) as { out: Record<string, number[]> }).out["matMul"], [19, 22, 43, 50]);
});

test("nothing here uses what Node warns of", () => {
  assert.deepEqual(warnings, []);
});
