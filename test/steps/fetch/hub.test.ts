/** Models of a Hugging Face hub, here one on the loopback. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { sha256 } from "../../../lib/base/hash";
import { readCheckpoint } from "../../../lib/model/checkpoint";
import { refuse, succeed } from "../../cli/here";
import { scratch } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";
import { bytes, fakeSite, json, missing, type Answer } from "./fakeSite";

const commit = "0123456789abcdef0123456789abcdef01234567";
const name = "owner/some-model";

/** The files of a small model in shards, and others that nobody needs. */
function files(): Record<string, Buffer> {
  const model = goldenPath("models", "llama-3.2-1b");
  const own = readdirSync(model).filter((file) => !/^(vectors|gradients)/.test(file));
  return {
    ...Object.fromEntries(own.map((file) => [file, readFileSync(path.join(model, file))])),
    "README.md": Buffer.from("# A model"),
    "pytorch_model.bin": Buffer.from("pickles"),
    "original/consolidated.00.pth": Buffer.from("pickles"),
  };
}

interface Hub {
  files?: Record<string, Buffer>;
  /** What is sent instead of a file. */
  sent?: (file: string, content: Buffer) => Answer | undefined;
  token?: string;
  sha?: string;
}

/** The hub's addresses: what a model is, its files by pages, each file; large ones lie elsewhere. */
async function fakeHub(t: TestContext, { files: own = files(), sent, token, sha = commit }: Hub = {}) {
  const large = (file: string) => /safetensors$|bin$|pth$/.test(file);
  const git = (content: Buffer) => createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const entries = Object.entries(own).map(([file, content]) => ({
    type: "file",
    path: file,
    size: content.length,
    oid: git(content),
    ...(large(file) ? { lfs: { oid: sha256(content), size: content.length, pointerSize: 134 } } : {}),
  }));
  const half = Math.ceil(entries.length / 2);
  const site = await fakeSite(t, (pathname) => {
    const answer = at(pathname) ?? missing;
    return token === undefined || pathname.startsWith("/large/")
      ? answer
      : (request, response) =>
          request.headers.authorization === `Bearer ${token}`
            ? answer(request, response)
            : response.writeHead(401, { "content-type": "application/json" }).end('{"error":"Invalid credentials"}');
  });
  function at(pathname: string): Answer | undefined {
    const api = `/api/models/${name}`;
    if (pathname === `${api}/revision/HEAD`)
      return json({ _id: "1", id: name, sha, tags: ["license:mit"], lastModified: "2025-01-01T00:00:00Z" });
    if (pathname === `${api}/tree/${commit}`)
      return json(entries.slice(0, half), { link: `<${site.url}${api}/tree/${commit}/more>; rel="next"` });
    if (pathname === `${api}/tree/${commit}/more`) return json(entries.slice(half));
    const [, where, file] = /^\/(owner\/some-model\/resolve\/\w+|large)\/(.+)$/.exec(pathname) ?? [];
    const content = file === undefined ? undefined : own[file];
    if (content === undefined) return undefined;
    if (where !== "large" && large(file!) && pathname.includes(commit))
      return (_request, response) => response.writeHead(302, { location: `/large/${file}` }).end();
    return sent?.(file!, content) ?? bytes(content);
  }
  const dir = scratch(t);
  const env = { HF_ENDPOINT: `${site.url}/`, HF_TOKEN: token, XDG_CACHE_HOME: path.join(dir, "cache") };
  const out = path.join(dir, "model");
  const cached = path.join(dir, "cache/mask-dpo-lab/models/hub/owner--some-model", commit);
  return { site, env, out, cached, command: ["fetch", name, "--out", out] };
}

test("a model in shards, with a token: what is needed comes once, is checked, and makes a folder", async (t) => {
  const { site, env, out, command } = await fakeHub(t, { token: "hf_secret" });
  const said = await succeed(command, env);
  assert.match(said, /^owner\/some-model in .*model; licence mit; from Hugging Face hub, 0123456789ab$/m);
  const golden = readCheckpoint(goldenPath("models", "llama-3.2-1b"));
  assert.deepEqual(readCheckpoint(out).tensors, golden.tensors);
  assert.deepEqual(
    readdirSync(out).sort(),
    [
      ...Object.keys(files()).filter((file) => !/README|bin$|pth$/.test(file)),
      "fetched.json",
      "mask-dpo-files.json",
    ].sort(),
  );
  assert.ok(!site.asked.some((request) => /README|\.bin|\.pth/.test(request)));
  const before = site.asked.length;
  await succeed(command, env);
  assert.ok(
    site.asked.slice(before).every((request) => request.startsWith("GET /api/")),
    "the cache has the files",
  );
});

test("through a proxy", async (t) => {
  const { site, env, out, command } = await fakeHub(t);
  await succeed(command, { ...env, HF_ENDPOINT: "http://hub.example", HTTP_PROXY: site.url, NO_PROXY: undefined });
  assert.equal(readCheckpoint(out).config.layers, 1);
  assert.ok(site.asked.some((request) => request === `GET /${name}/resolve/${commit}/config.json`));
});

test("a connection that breaks goes on from where it stopped; so does an earlier run", async (t) => {
  const breaks = { once: 20_000 };
  const shard = "model-00002-of-00004.safetensors";
  const { site, env, out, cached, command } = await fakeHub(t, {
    sent: (file, content) => (file === shard ? bytes(content, breaks) : undefined),
  });
  mkdirSync(cached, { recursive: true });
  const first = "model-00001-of-00004.safetensors";
  writeFileSync(path.join(cached, `${first}.part`), files()[first]!.subarray(0, 1000));
  writeFileSync(path.join(cached, "tokenizer.json.part"), "of another file");
  await succeed(command, env);
  const whole = readCheckpoint(goldenPath("models", "llama-3.2-1b")).tensors;
  assert.deepEqual(readCheckpoint(out).tensors, whole);
  const ranges = (file: string) =>
    site.asked.flatMap((request) =>
      request.includes(`large/${file}`) ? (/bytes=(\d+)-\d{3,}/.exec(request)?.[1] ?? []) : [],
    );
  assert.deepEqual([ranges(first), ranges(shard)], [["1000"], ["20000"]]);
});

test("a file that was changed on its way is refused, and nothing is left under its name", async (t) => {
  const { env, out, cached, command } = await fakeHub(t, {
    sent: (file, content) => {
      if (file !== "model-00003-of-00004.safetensors") return undefined;
      const changed = Buffer.from(content);
      changed[changed.length - 1]! ^= 1;
      return bytes(changed);
    },
  });
  await refuse(command, /model-00003-of-00004\.safetensors: expected the file with sha256 \w{64}, got another/, env);
  assert.ok(!existsSync(out));
  assert.ok(existsSync(path.join(cached, "model-00001-of-00004.safetensors")));
  assert.ok(!readdirSync(cached).some((file) => file.includes("00003")));
});

test("what cannot be had is said before weights come", async (t) => {
  const own = files();
  const config = { ...(JSON.parse(own["config.json"]!.toString()) as object), architectures: ["MambaForCausalLM"] };
  const other = await fakeHub(t, { files: { ...own, "config.json": Buffer.from(JSON.stringify(config)) } });
  await refuse(other.command, /config\.json: expected architecture .*, got "MambaForCausalLM"/, other.env);
  assert.ok(!other.site.asked.some((request) => request.includes("safetensors")));

  const gguf = await fakeHub(t, { files: { "some.Q4_K_M.gguf": Buffer.from("GGUF") } });
  await refuse(gguf.command, /got \["some\.Q4_K_M\.gguf"\].*import-model FILE\.gguf/, gguf.env);
  const pickled = await fakeHub(t, {
    files: { "config.json": own["config.json"]!, "pytorch_model.bin": own["README.md"]! },
  });
  await refuse(pickled.command, /model\.safetensors\.index\.json, got \["pytorch_model\.bin"\]/, pickled.env);

  const outside = await fakeHub(t, { sha: "../../elsewhere" });
  await refuse(outside.command, /got commit "\.\.\/\.\.\/elsewhere"/, outside.env);

  const closed = await fakeHub(t, { token: "hf_secret" });
  await refuse(closed.command, /Invalid credentials.*accept its terms at .*set HF_TOKEN/s, {
    ...closed.env,
    HF_TOKEN: "",
  });
  await refuse(["fetch", "owner/other", "--out", closed.out], /Check the name/, {
    ...closed.env,
    HF_TOKEN: "hf_secret",
  });
  await refuse(closed.command, /start with 'hf_'/, { ...closed.env, HF_TOKEN: "secret" });
  await refuse(closed.command, /fetch failed \(.*HF_ENDPOINT names another/, {
    ...closed.env,
    HF_ENDPOINT: "http://127.0.0.1:1",
  });
});

test("names that are none, folders of other files, and what --model says of a model that is elsewhere", async (t) => {
  const { env, out } = await fakeHub(t);
  await refuse(["fetch", "smollm", "--out", out], /expected smollm2-135m-instruct or owner\/name/, env);
  mkdirSync(out);
  cpSync(goldenPath("README.md"), path.join(out, "README.md"));
  await refuse(["fetch", name, "--out", out], /a folder of other files/, env);
  const questions = path.join(scratch(t), "questions.jsonl");
  writeFileSync(questions, '{"id":"q","topic":"t","prompt":[{"role":"user","content":"Who?"}]}\n');
  const sample = (model: string) => ["sample", "--model", model, "--questions", questions, "--out", `${out}.jsonl`];
  await refuse(sample(name), /got nothing there.*mask-dpo fetch owner\/some-model --out DIR/);
  await refuse(sample("smollm2-135m-instruct"), /Fetch it first: mask-dpo fetch smollm2-135m-instruct --out DIR/);
  const gguf = goldenPath("gguf", "quants.gguf");
  await refuse(sample(gguf), /got a file\. Make a folder of it first: mask-dpo import-model .*quants\.gguf --out DIR/);
});
