/**
 * The set-up on machines that lack things. It runs in a copy of the project whose packages are the installed ones,
 * with a PATH that holds nothing but node.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test, { before } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { scratchFolder } from "../notebook/scratch";

const folder = scratchFolder();
const copy = path.join(folder, "project");
const home = path.join(folder, "home");
const bin = path.join(folder, "bin");
const record = path.join(copy, "node_modules/.mask-dpo-engine.json");
const skip = process.platform === "win32" && "the stub PATH is made for POSIX";

/** Real files only where the set-up looks: its own, the lock files, and the engine's package without a binding. */
before(() => {
  for (const file of [
    "lib/setup",
    "lib/cli/mask-dpo.mjs",
    "package.json",
    "package-lock.json",
    "node_modules/.package-lock.json",
  ])
    cpSync(path.join(projectRoot, file), path.join(copy, file), { recursive: true });
  const engine = "node_modules/@tensorflow/tfjs-node-gpu";
  for (const file of ["package.json", "binding"])
    cpSync(path.join(projectRoot, engine, file), path.join(copy, engine, file), { recursive: true });
  // A host that never resolves, so that the test does not depend on the network.
  const manifest = path.join(copy, engine, "package.json");
  writeFileSync(
    manifest,
    readFileSync(manifest, "utf8").replace(/"host": "[^"]*"/, '"host": "https://nowhere.invalid/"'),
  );
  for (const made of [home, bin]) mkdirSync(made);
  symlinkSync(process.execPath, path.join(bin, "node"));
});

function setUp(env: NodeJS.ProcessEnv = {}) {
  const started = Date.now();
  const result = spawnSync(process.execPath, [path.join(copy, "lib/setup/setup.mjs")], {
    encoding: "utf8",
    env: { PATH: bin, HOME: home, ...env },
  });
  return { code: result.status, out: result.stdout, err: result.stderr, ms: Date.now() - started };
}

const WASM = "engine: WebAssembly, because no C++ compiler (g++ or clang++) was found\n";

test(
  "without compiler and Python: WebAssembly, one line, kernelspec and command in place; again is quick",
  { skip },
  () => {
    assert.deepEqual({ ...setUp(), ms: 0 }, { code: 0, out: WASM, err: "", ms: 0 });
    assert.deepEqual(JSON.parse(readFileSync(record, "utf8")).engine, "wasm");
    const spec = JSON.parse(
      readFileSync(
        path.join(
          home,
          process.platform === "darwin" ? "Library/Jupyter" : ".local/share/jupyter",
          "kernels/mask-dpo/kernel.json",
        ),
        "utf8",
      ),
    );
    assert.deepEqual(
      [spec.argv[1], spec.display_name],
      [path.join(copy, "lib/kernel/kernel.mjs"), "TypeScript (mask-dpo-lab)"],
    );
    assert.equal(readlinkSync(path.join(copy, "node_modules/.bin/mask-dpo")), "../../lib/cli/mask-dpo.mjs");
    const before = lstatSync(record).mtimeMs;
    const second = setUp();
    assert.equal(second.out, WASM);
    assert.ok(second.ms < 1500, `${second.ms} ms`);
    assert.equal(lstatSync(record).mtimeMs, before, "nothing was written again");
  },
);

test(
  "a forced engine: wasm fetches nothing, native that cannot be had is an error, others are refused",
  { skip },
  () => {
    assert.equal(setUp({ ENGINE: "wasm" }).out, "engine: WebAssembly, because ENGINE=wasm\n");
    const native = setUp({ ENGINE: "native" });
    assert.equal(native.code, 1);
    assert.match(native.err, /ENGINE=native is not possible here, because no C\+\+ compiler/);
    assert.equal(setUp({ ENGINE: "tpu" }).code, 1);
  },
);

test("a compiler but no Python: says so before anything is fetched", { skip }, () => {
  const tools = path.join(folder, "tools");
  mkdirSync(tools);
  for (const name of ["node", "g++"]) symlinkSync(process.execPath, path.join(tools, name));
  const result = setUp({ PATH: tools });
  assert.equal(result.code, 0);
  const reason =
    process.platform === "linux" && ["x64", "arm64"].includes(process.arch)
      ? /because no python3 with pip was found/
      : /because/;
  assert.match(result.out, reason);
});

test("a home folder that cannot be written is said, and is no failure", { skip }, () => {
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  const result = setUp({ HOME: file });
  assert.equal(result.code, 0);
  assert.match(result.out, /engine: WebAssembly/);
  assert.match(result.out, /kernelspec skipped, because .*kernel\.json cannot be written/);
  assert.ok(
    existsSync(path.join(copy, "node_modules/.mask-dpo-jupyter/kernels/mask-dpo/kernel.json")),
    "npm run lab still works",
  );
});

test("packages: a difference from the lock file starts npm ci, and its failure is an error", { skip }, () => {
  const installed = path.join(copy, "node_modules/.package-lock.json");
  const text = readFileSync(installed, "utf8");
  writeFileSync(installed, text.replace(/("node_modules\/tslab": \{\s*"version": ")[^"]+/, "$10.0.1"));
  const npm = path.join(folder, "npm.js");
  writeFileSync(npm, "console.log(process.argv.slice(2).join(' ')); process.exit(3);");
  const result = setUp({ npm_execpath: npm });
  assert.equal(result.code, 1);
  assert.match(result.out, /npm ci \(tslab is not at .*\)\nci --include=dev/s);
  assert.match(result.err, /npm ci failed \(exit code 3\)/);
  rmSync(npm);
});

test("the command without packages says what to run", { skip }, () => {
  const result = spawnSync(process.execPath, [path.join(copy, "lib/cli/mask-dpo.mjs")], { encoding: "utf8" });
  assert.deepEqual(
    [result.status, result.stderr],
    [1, "mask-dpo: the packages are not installed; run `npm run setup` first\n"],
  );
});
