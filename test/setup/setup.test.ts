/**
 * The set-up on machines that lack things. It runs in a copy of the project whose packages are the installed ones,
 * with a PATH that holds nothing but node.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { folder, copy, home, native, record, skip, setUp, records, WASM } from "./project";

test(
  "without compiler and Python: WebAssembly, one line, kernelspec and command in place; again is quick",
  { skip },
  () => {
    assert.deepEqual({ ...setUp(), ms: 0 }, { code: 0, out: WASM, err: "", ms: 0 });
    assert.deepEqual(
      records().map(({ engine, reason }) => `engine: ${engine}, because ${reason}\n`),
      [WASM.replace("WebAssembly", "wasm")],
    );
    const spec = JSON.parse(
      readFileSync(
        path.join(
          home,
          process.platform === "darwin" ? "Library/Jupyter" : ".local/share/jupyter",
          "kernels/mask-dpo/kernel.json",
        ),
        "utf8",
      ),
    ) as { argv: string[]; display_name: string };
    assert.deepEqual(
      [spec.argv[1], spec.display_name],
      [path.join(copy, "lib/kernel/kernel.mjs"), "TypeScript (mask-dpo-lab)"],
    );
    assert.equal(readlinkSync(path.join(copy, "node_modules/.bin/mask-dpo")), "../../lib/cli/mask-dpo.mjs");
    const clones = JSON.parse(readFileSync(path.join(home, ".cache/mask-dpo-lab/clones.json"), "utf8")) as string[];
    assert.deepEqual(clones, [realpathSync(copy)]);
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

test(
  "a Python whose pip is not there, too old, or refuses: says which and why, and looks again when it is mended",
  { skip },
  (t) => {
    if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
      return t.skip("there is no wheel for this machine");
    const tools = path.join(folder, "tools");
    const python = path.join(tools, "python3");
    const says = (script: string): string => {
      writeFileSync(python, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      rmSync(record, { force: true }); // what earlier tests forced
      const said = setUp({ PATH: tools }).out;
      assert.equal((Object.values(records()).at(-1) as { transient?: boolean }).transient, true);
      rmSync(record);
      return said;
    };
    assert.match(says("exit 1"), /because .+\/python3 has no pip to fetch TensorFlow with$/m);
    assert.match(
      says('echo "pip 19.2.3 from /x (python 2.7)"'),
      /because pip 19\.2\.3 of .+\/python3 is too old .+\(20\.3 will do\)$/m,
    );
    const refuses =
      'case "$*" in *--version) echo "pip 23.0.1 from /x";; *) echo "ERROR: not here (required)." >&2; exit 3;; esac';
    assert.match(says(refuses), /because pip could not fetch tensorflow\S* \(ERROR: not here \(required\)\.\)$/m);
    const asked = path.join(folder, "asked");
    const forges = `case "$*" in *--version) echo "pip 23.0.1 from /x"; exit;; esac
      while [ "$1" != -d ]; do shift; done
      read -r line < "$2/requirements.txt"; echo "$line" > ${asked}; pwd >> ${asked}
      echo forged > "$2/tensorflow-9.whl"`;
    assert.match(says(forges), /because tensorflow-9\.whl is not the file it should be \(sha256 [0-9a-f]{64}\)$/m);
    const [wanted, where] = readFileSync(asked, "utf8").split("\n");
    assert.match(wanted!, /^tensorflow(-cpu)?==\d+\.\d+\.\d+ --hash=sha256:[0-9a-f]{64}$/);
    assert.equal(where, realpathSync(copy), "a module pip in the folder of the caller is not taken");
    rmSync(tools, { recursive: true });
  },
);

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

test("packages: a difference from the lock file starts npm ci, and its failure is an error", { skip }, (t) => {
  const installed = path.join(copy, "node_modules/.package-lock.json");
  const text = readFileSync(installed, "utf8");
  t.after(() => writeFileSync(installed, text));
  writeFileSync(installed, text.replace(/("node_modules\/tslab": \{\s*"version": ")[^"]+/, "$10.0.1"));
  const npm = path.join(folder, "npm.js");
  writeFileSync(npm, "console.log(process.argv.slice(2).join(' ')); process.exit(3);");
  const result = setUp({ npm_execpath: npm });
  assert.equal(result.code, 1);
  assert.match(result.out, /npm ci \(tslab is not at .*\)\nci --include=dev/s);
  assert.match(result.err, /npm ci failed \(exit code 3\)/);
  rmSync(npm);
});

test("another Node, or another processor, is tried anew; what was found for the first stays", { skip }, () => {
  const other = { engine: "native", reason: "", libraries: [], machine: {} };
  writeFileSync(record, JSON.stringify({ tried: { "v1.2.3 linux-x64 Abacus": other } }));
  assert.match(setUp().out, /^engine: WebAssembly, because/);
  assert.deepEqual(
    records().map(({ engine }) => engine),
    ["native", "wasm"],
  );
});

/** A package in the engine's place: plain JavaScript under its name, and what is said. */
function placeStub(breaks: string): void {
  const dist = path.join(copy, native, "dist");
  const place = path.join(copy, native, "lib/napi-v8");
  for (const made of [dist, place]) mkdirSync(made, { recursive: true });
  writeFileSync(path.join(place, "tfjs_binding.node"), breaks);
  writeFileSync(
    path.join(dist, "index.js"),
    `
    const tf = require("@tensorflow/tfjs"), { MathBackendCPU } = require("@tensorflow/tfjs-backend-cpu");
    const binding = { TF_Version: "0.0" };
    tf.registerBackend("tensorflow", () => Object.assign(new MathBackendCPU(), { binding, isUsingGpuDevice: false }));
    for (const kernel of tf.getKernelsForBackend("cpu")) {
      const multiply = kernel.kernelFunc, product = (...args) => { ${breaks} };
      const kernelFunc = kernel.kernelName === "BatchMatMul" ? product : multiply;
      tf.registerKernel({ ...kernel, backendName: "tensorflow", kernelFunc });
    }`,
  );
}

const WRONG: [says: RegExp, breaks: string][] = [
  [/training step: TypeError: .+ is not a function/, "return multiply(...args);"], // a matrix product alone is right
  [
    /matrix product: relative error 6\.6e-2 /,
    `
    const out = multiply(...args);
    args[0].backend.data.get(out.dataId).values[3] += 1;
    return out;`,
  ],
  [/it died of SIGKILL/, 'process.kill(process.pid, "SIGKILL"); for (;;);'],
];
for (const [says, breaks] of WRONG) {
  test(`a package that loads and cannot compute is reported, and WebAssembly taken: ${says.source}`, { skip }, () => {
    placeStub(breaks);
    const { code, out, err } = setUp();
    assert.deepEqual([code, err], [0, ""]);
    assert.match(
      out,
      /^engine: WebAssembly, because native TensorFlow starts but cannot compute \(.+\); no C\+\+ compiler/,
    );
    assert.match(out, says);
  });
}

test("what runs follows the set-up, and does not take the package that loads", { skip }, () => {
  const doctor = [path.join(copy, "lib/cli/mask-dpo.mjs"), "doctor"];
  const { status, stdout } = spawnSync(process.execPath, doctor, { encoding: "utf8" });
  assert.match(stdout, /^engine +WebAssembly \(native TensorFlow starts but cannot compute \(it died/m);
  assert.equal(status, 0, stdout);
});

test("without WebAssembly plain JavaScript is left, and both reasons are said", { skip }, () => {
  rmSync(path.join(copy, "node_modules/@tensorflow/tfjs-backend-wasm"));
  rmSync(record);
  const reasons =
    /^engine: plain JavaScript, because native TensorFlow .+; WebAssembly did not start \(Cannot find .+\)\n$/;
  assert.match(setUp().out, reasons);
});

test("a package that never answers is given up", { skip }, async () => {
  placeStub("for (;;);");
  const trial: unknown = await import(pathToFileURL(path.join(copy, "lib/setup/trial.mjs")).href);
  const { tryEngine } = trial as { tryEngine: (engine: string, options: { limit: number }) => object };
  const gaveUp = /native TensorFlow .+ \(no answer within 4 s\)/;
  assert.throws(() => tryEngine("native", { limit: 4000 }), gaveUp);
});

test("the command without packages says what to run", { skip }, () => {
  rmSync(path.join(copy, "node_modules"), { recursive: true });
  const result = spawnSync(process.execPath, [path.join(copy, "lib/cli/mask-dpo.mjs")], { encoding: "utf8" });
  assert.deepEqual(
    [result.status, result.stderr],
    [1, "mask-dpo: the packages are not installed; run `npm run setup` first\n"],
  );
});
