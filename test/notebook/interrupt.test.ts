/** Runs of notebooks that are ended from outside. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { spawn } from "node:child_process";
import test from "node:test";
import { projectRoot, typescriptLoader } from "../../lib/base/files";
import { printed, readCells, scratchFolder, writeNotebook } from "./scratch";

const folder = scratchFolder();

test(
  "Ctrl-C ends the run in order: nothing half-written, no process left",
  { skip: process.platform === "win32" && "signals are tested on POSIX" },
  async () => {
    const file = writeNotebook(folder, "ctrl-c", [
      `import { writeFileSync } from "node:fs";
writeFileSync(process.env.PID_FILE!, String(process.pid));
console.log("kept");`,
      `await new Promise((resolve) => setTimeout(resolve, 60000));`,
    ]);
    const before = readFileSync(file, "utf8");
    const script = path.join(folder, "run.ts");
    writeFileSync(
      script,
      `import { runNotebook } from ${JSON.stringify(path.join(projectRoot, "lib/notebook/runNotebook"))};
    runNotebook(${JSON.stringify(file)}, {
      env: { PID_FILE: ${JSON.stringify(path.join(folder, "pid"))} },
      onProgress: (e) => { if (e.kind === "cell" && e.cell === 2) process.stdout.write("second"); },
    }).catch((error: Error) => { process.exitCode = error.name === "RunInterrupted" ? 130 : 1; });`,
    );
    const tmp = path.join(folder, "tmp");
    mkdirSync(tmp);
    const child = spawn(process.execPath, ["--require", typescriptLoader, script], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: tmp },
    });
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGINT");
    assert.equal(await exit, 130);
    assert.equal(readFileSync(file, "utf8"), before);
    assert.equal(printed(readCells(path.join(folder, "ctrl-c.failed.ipynb"))[0]), "kept\n");
    assert.throws(() => process.kill(Number(readFileSync(path.join(folder, "pid"), "utf8")), 0), { code: "ESRCH" });
    assert.deepEqual(
      readdirSync(tmp).filter((name) => name.startsWith("mask-dpo-")),
      [],
      "no connection file is left",
    );
  },
);

test(
  "a runner that is killed takes its kernel with it",
  { skip: process.platform === "win32" && "signals are tested on POSIX" },
  async () => {
    const client = path.join(projectRoot, "lib/notebook/kernelClient");
    const script = path.join(folder, "orphan.ts");
    writeFileSync(
      script,
      `import { KernelClient } from ${JSON.stringify(client)};
    void KernelClient.start().then((kernel) => {
      process.stdout.write(String(kernel.pid));
      setInterval(() => undefined, 1000);
    });`,
    );
    const child = spawn(process.execPath, ["--require", typescriptLoader, script], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(String(await new Promise((resolve) => child.stdout.once("data", resolve))));
    child.kill("SIGKILL");
    const gone = () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    };
    for (let i = 0; i < 100 && !gone(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(gone(), `the kernel ${pid} is still running`);
  },
);
