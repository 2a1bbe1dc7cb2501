/** jupyter_kernel_test, the community's own tests of kernels, where a Python has it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const python = process.env.MASK_DPO_PYTHON ?? "python3";
const hasSuite = spawnSync(python, ["-c", "import jupyter_kernel_test"], { timeout: 60_000 }).status === 0;
const skip = hasSuite ? false : `${python} has no jupyter_kernel_test; name a Python that has in MASK_DPO_PYTHON`;

test("the kernel passes jupyter_kernel_test, stdin and history among it", { skip, timeout: 180_000 }, () => {
  const { status, stderr } = spawnSync(python, [path.join(__dirname, "kernel_suite.py")], {
    encoding: "utf8",
    env: { ...process.env, MASK_DPO_NODE: process.execPath },
    timeout: 170_000,
  });
  assert.equal(status, 0, stderr);
  const [, ran] = /^Ran (\d+) tests/m.exec(stderr) ?? [];
  assert.ok(Number(ran) >= 16, stderr);
  const skipped = [...stderr.matchAll(/^(test_\w+).*\.\.\. skipped/gm)].map(([, name]) => name);
  assert.deepEqual(skipped, ["test_pager"], stderr);
});
