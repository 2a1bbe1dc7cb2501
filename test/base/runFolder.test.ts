/** Run folders: named by content, claimed by one configuration, swept of what killed writers left. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { claimBeside, claimFolder, runFolder } from "../../lib/base/runFolder";
import { scratch, userError, inOrder } from "../golden/fixtures";

test("a run folder is named by its configuration, whatever the order of its keys", (t) => {
  const root = scratch(t);
  const dir = runFolder(root, "pairs", { k: 32, sampling: { topK: 40, temperature: 0.8 } });
  assert.match(path.basename(dir), /^pairs-[0-9a-f]{8}$/);
  assert.equal(runFolder(root, "pairs", { sampling: { temperature: 0.8, topK: 40 }, k: 32 }), dir);
  assert.notEqual(runFolder(root, "pairs", { k: 31, sampling: { topK: 40, temperature: 0.8 } }), dir);
  assert.deepEqual(JSON.parse(readFileSync(path.join(dir, "run.json"), "utf8")), {
    k: 32,
    sampling: { topK: 40, temperature: 0.8 },
  });
});

test("a folder of another configuration is refused; the message names what differs, both ways", (t) => {
  const dir = path.join(scratch(t), "run");
  claimFolder(dir, { seed: 1, options: { lr: 1e-4, beta: 0.1 } });
  claimFolder(dir, { options: { beta: 0.1, lr: 1e-4 }, seed: 1 });
  const before = readFileSync(path.join(dir, "run.json"), "utf8");
  assert.throws(
    () => claimFolder(dir, { seed: 1, options: { lr: 1e-5, beta: 0.1 }, mask: "none" }),
    userError(
      inOrder(
        /run\.json: expected a run with options\.lr = 0\.00001, mask = "none", /,
        /got one with options\.lr = 0\.0001, mask = nothing/,
      ),
    ),
  );
  assert.equal(readFileSync(path.join(dir, "run.json"), "utf8"), before);
  writeFileSync(path.join(dir, "run.json"), "{ not json");
  assert.throws(() => claimFolder(dir, { seed: 1 }), userError(/run\.json: expected one JSON value/));
});

test("an output that no run began is not touched; an empty one may be used", (t) => {
  const dir = scratch(t);
  const out = path.join(dir, "out.jsonl");
  writeFileSync(out, "somebody's rows\n");
  assert.throws(
    () => claimBeside(out, { seed: 1 }),
    userError(/out\.jsonl: expected nothing there, or the output of the run to go on with, got something else/),
  );
  assert.ok(!existsSync(`${out}.run`));
  writeFileSync(out, "");
  assert.equal(claimBeside(out, { seed: 1 }), `${out}.run`);
  writeFileSync(out, "rows of this run\n");
  assert.equal(claimBeside(out, { seed: 1 }), `${out}.run`);
  mkdirSync(path.join(dir, "empty"));
  claimBeside(path.join(dir, "empty"), { seed: 1 });
});

test("temporary files of dead writers are removed, those of living ones stay", (t) => {
  const dir = path.join(scratch(t), "run");
  claimFolder(dir, { seed: 1 });
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  for (const name of [`state.safetensors.${dead}.tmp`, `state.safetensors.${process.pid}.tmp`, "notes.tmp"])
    writeFileSync(path.join(dir, name), "");
  const lock = path.join(dir, `log.jsonl.mask-dpo-lock.${dead}.tmp`); // killed while it took a lock
  mkdirSync(lock);
  writeFileSync(path.join(lock, `${dead} on ${os.hostname()}`), "");
  claimFolder(dir, { seed: 1 });
  assert.deepEqual(readdirSync(dir).sort(), ["notes.tmp", "run.json", `state.safetensors.${process.pid}.tmp`]);
});
