/** `npm run lab`, with a stand-in for JupyterLab and with none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { projectRoot } from "../../lib/base/files";
import { startJupyterLab } from "../../lib/notebook/jupyter";
import { scratchFolder } from "./scratch";

const skip = process.platform === "win32" && "the stand-in is a POSIX script";

/** Runs with another PATH and no chosen Python. */
async function withPath<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const { PATH, JUPYTER_PYTHON } = process.env;
  process.env.PATH = folder;
  delete process.env.JUPYTER_PYTHON;
  try {
    return await action();
  } finally {
    process.env.PATH = PATH;
    if (JUPYTER_PYTHON) process.env.JUPYTER_PYTHON = JUPYTER_PYTHON;
  }
}

test("without JupyterLab the message says how to get it", { skip }, async () => {
  const folder = scratchFolder();
  await assert.rejects(
    withPath(folder, () => startJupyterLab([])),
    (error) =>
      error instanceof UserError && /pip install jupyterlab/.test(error.message) && /VS Code/.test(error.message),
  );
});

test("JupyterLab is started on the loopback interface, in the project, with its kernelspec", { skip }, async (t) => {
  const folder = scratchFolder();
  const lab = path.join(folder, "jupyter-lab");
  writeFileSync(
    lab,
    `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$PWD $JUPYTER_PATH $@" > ${folder}/said\nexit 7\n`,
  );
  chmodSync(lab, 0o755);
  const trusting = path.join(folder, "jupyter-trust");
  writeFileSync(trusting, `#!/bin/sh\necho "$@" > ${folder}/trusted\n`);
  chmodSync(trusting, 0o755);
  const git = spawnSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).stdout.trim();
  const isClone = git !== "" && existsSync(path.join(projectRoot, ".git"));
  if (git) symlinkSync(git, path.join(folder, "git"));
  const foreign = path.join(projectRoot, "notebooks", `99-of-a-stranger-${process.pid}.ipynb`);
  writeFileSync(foreign, "{}");
  t.after(() => rmSync(foreign));
  assert.equal(await withPath(folder, () => startJupyterLab(["--port", "0"])), 7);
  const said = readFileSync(path.join(folder, "said"), "utf8");
  assert.ok(said.startsWith(`${projectRoot} ${path.join(projectRoot, "node_modules/.mask-dpo-jupyter")}`), said);
  assert.match(said, /--ip=127\.0\.0\.1 .* --port 0\n$/);
  assert.doesNotMatch(said, /token=/, "Jupyter makes up the token");
  const trusted = readFileSync(path.join(folder, "trusted"), "utf8").trim().split(" ");
  assert.ok(trusted.includes("notebooks/00-overview.ipynb"), trusted.join(" "));
  if (isClone) assert.ok(!trusted.some((name) => name.includes("stranger")), "what only lies there is not trusted");
});
