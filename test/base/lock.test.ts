/** One writer at a time, whatever became of the one before. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { JsonlLog } from "../../lib/base/jsonl";
import { inTurn, isLocked, takeLock } from "../../lib/base/lock";
import { scratch, userError } from "../golden/fixtures";
import { startNode, until, type Running } from "../cli/process";
import { typescriptLoader } from "../../lib/base/files";

const rowSchema = z.object({ n: z.number() }).strict();
const busy = userError(/expected no other process at work on it, got process \S+/);

/** A lock as its holder leaves it. */
function left(file: string, holder: string | undefined, ageS = 0): string {
  const lock = `${file}.mask-dpo-lock`;
  mkdirSync(lock);
  if (holder !== undefined) writeFileSync(path.join(lock, holder), "");
  const at = new Date(Date.now() - 1000 * ageS);
  utimesSync(lock, at, at);
  return lock;
}

test("a second writer is refused, by whatever name it knows the file; the first goes on", (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "rows.jsonl");
  const first = new JsonlLog(file, rowSchema);
  symlinkSync(file, path.join(dir, "other-name.jsonl"));
  first.append([{ n: 1 }]);
  for (const name of ["rows.jsonl", "other-name.jsonl"])
    assert.throws(() => new JsonlLog(path.join(dir, name), rowSchema), busy);
  first.append([{ n: 2 }]);
  first.close();
  assert.equal(readFileSync(file, "utf8"), '{"n":1}\n{"n":2}\n');
  assert.deepEqual(readdirSync(dir).sort(), ["other-name.jsonl", "rows.jsonl"], "no lock is left");
});

test("in turn: who finds it taken waits, and comes after; other errors end it", async (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  const lock = takeLock(file);
  const order: string[] = [];
  const second = inTurn(() =>
    Promise.resolve().then(() => {
      takeLock(file).release();
      order.push("second");
      return 2;
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  order.push("first");
  lock.release();
  assert.equal(await second, 2);
  assert.deepEqual(order, ["first", "second"]);
  await assert.rejects(
    inTurn(() => Promise.reject(new Error("no"))),
    /no/,
  );
});

test("only a last line that nobody finished is cut, and what does not parse is no row", (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  writeFileSync(file, '{"n":1}\n{"n":2}\n{"n":');
  const log = new JsonlLog(file, rowSchema);
  assert.deepEqual(log.rows, [{ n: 1 }, { n: 2 }]);
  log.append([{ n: 3 }]);
  log.close();
  assert.equal(readFileSync(file, "utf8"), '{"n":1}\n{"n":2}\n{"n":3}\n');
  writeFileSync(file, '{"n":1}\nx\n');
  assert.throws(() => new JsonlLog(file, rowSchema), userError(/rows\.jsonl:2: expected one JSON value/));
  assert.equal(readFileSync(file, "utf8"), '{"n":1}\nx\n');
  assert.ok(!isLocked(file));
});

test("the lock of a process that is gone is taken over; another host's and a living one's are not", (t) => {
  const dir = scratch(t);
  const host = os.hostname();
  const cases: [name: string, holder: string | undefined, ageS: number, taken: boolean][] = [
    ["gone", `4194304 on ${host}`, 0, true],
    ["our number, but not ours", `${process.pid} on ${host}`, 0, true],
    ["without a name", undefined, 0, true],
    ["alive", `${process.ppid} on ${host}`, 600, false],
    ["another host, at work", "7 on elsewhere", 600, false],
    ["another host, long silent", "7 on elsewhere", 7200, true],
  ];
  for (const [name, holder, age, taken] of cases) {
    const file = path.join(dir, name);
    const lock = left(file, holder, age);
    if (taken) {
      takeLock(file).release();
      assert.ok(!existsSync(lock), name);
    } else {
      assert.throws(() => takeLock(file), busy, name);
      assert.ok(existsSync(lock), `${name}: a refused writer leaves the lock`);
    }
  }
});

test("a file of that name that is somebody's own is no lock of ours", (t) => {
  const file = path.join(scratch(t), "poetry");
  writeFileSync(`${file}.lock`, "theirs");
  takeLock(file).release();
  assert.equal(readFileSync(`${file}.lock`, "utf8"), "theirs");
});

/** A process that does this in a script where `takeLock` is, and `file`. */
function holding(file: string, script: string): Running {
  const lock = path.join(__dirname, "../../lib/base/lock");
  return startNode([
    ...["--require", typescriptLoader, "--eval"],
    `const file = ${JSON.stringify(file)};
    const { takeLock } = require(${JSON.stringify(lock)});
    ${script}`,
  ]);
}

test("several that want it at once: one at a time has it", async (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  const all = Array.from({ length: 3 }, () =>
    holding(
      file,
      `const say = (what) => require("node:fs").appendFileSync(file, what + " " + process.pid + "\\n");
      for (let done = 0; done < 300; ) {
        let lock;
        try {
          lock = takeLock(file);
        } catch (error) {
          if (error.constructor.name === "Busy") continue;
          throw error;
        }
        say("in");
        say("out");
        lock.release();
        done += 1;
      }`,
    ),
  );
  for (const { ended } of all) {
    const { code, stderr } = await ended;
    assert.equal(code, 0, stderr);
  }
  const said = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.equal(said.length, 2 * 3 * 300);
  const overlaps = said.filter((line, i) => i % 2 === 1 && line !== said[i - 1]!.replace("in", "out"));
  assert.deepEqual(overlaps, []);
});

test("killed while it took or held the lock, a process blocks nobody", async (t) => {
  const moments = {
    took: 'require("node:fs").writeFileSync = () => process.kill(process.pid, "SIGKILL");',
    held: "",
  };
  for (const [moment, before] of Object.entries(moments)) {
    const file = path.join(scratch(t), "rows.jsonl");
    const lock = `${file}.mask-dpo-lock`;
    const holder = holding(file, `${before} takeLock(file); setInterval(() => undefined, 1000);`);
    if (moment === "held") {
      await until(() => existsSync(lock), holder);
      assert.throws(() => takeLock(file), busy);
      holder.child.kill("SIGKILL");
    }
    const { signal, stderr } = await holder.ended;
    assert.equal(signal, "SIGKILL", stderr);
    assert.equal(existsSync(lock), moment === "held", "a lock has a name from the first");
    takeLock(file).release();
    assert.ok(!existsSync(lock));
  }
});

test("a writer whose lock was taken over writes nothing more", (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  const log = new JsonlLog(file, rowSchema);
  const lock = `${file}.mask-dpo-lock`;
  renameSync(path.join(lock, readdirSync(lock)[0]!), path.join(lock, "7 on elsewhere")); // by one that found it stale
  assert.throws(() => log.append([{ n: 1 }]), busy);
  assert.equal(readFileSync(file, "utf8"), "");
  log.close();
  assert.deepEqual(readdirSync(lock), ["7 on elsewhere"], "the lock is theirs");
});
