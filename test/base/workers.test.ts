/** Worker processes: what they know when, errors, deaths, shared floats, and that none is left. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { UserError } from "../../lib/base/check";
import { asAnswered, SharedFloats, WorkerPool } from "../../lib/base/workers";
import type { State, Task } from "./scriptedWorker";

/** Closed when the test ends, unless the test does it. */
function startPool(t: TestContext, size = 2): WorkerPool<State, Task> & { end(): void } {
  const pool = new WorkerPool<State, Task>("test/base/scriptedWorker.ts", size);
  let open = true;
  const end = () => {
    if (open) pool.close();
    open = false;
  };
  t.after(end);
  return Object.assign(pool, { end });
}

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 20) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test("every worker learns what it is told before the tasks that come after, in order", async (t) => {
  const pool = startPool(t);
  pool.tell({ remember: "a" });
  pool.tell({ remember: "b" });
  const ask = () => Promise.all(Array.from({ length: 6 }, () => pool.run<string[]>({ ask: "remembered" })));
  for (const known of await ask()) assert.deepEqual(known, ["a", "b"]);
  assert.equal(
    new Set(await Promise.all(Array.from({ length: 2 }, () => pool.run<number>({ ask: "pid" })))).size,
    2,
    "both workers answer",
  );
  const before = pool.run<string[]>({ ask: "remembered" });
  pool.tell({ remember: "c" });
  const after = ask();
  assert.deepEqual(await before, ["a", "b"]);
  for (const known of await after) assert.deepEqual(known, ["a", "b", "c"]);
});

test("a task that fails rejects with its error, a UserError with all its parts, and the worker goes on", async (t) => {
  const pool = startPool(t, 1);
  const parts = { where: "a file", expected: "one thing", got: "another", fix: "Do that." };
  const failures = [pool.run({ ask: "fail", message: "no such luck" }), pool.run({ ask: "failUser", parts })];
  await assert.rejects(
    failures[0]!,
    (error: Error) => !(error instanceof UserError) && /no such luck/.test(error.message),
  );
  await assert.rejects(failures[1]!, (error: Error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.deepEqual([error.parts, error.message], [parts, new UserError(parts).message]);
    return true;
  });
  assert.deepEqual(await pool.run({ ask: "remembered" }), []);
});

test("a worker that cannot take what it is told fails everything", async (t) => {
  const pool = startPool(t);
  const hanging = pool.run({ ask: "hang" });
  pool.tell({ refuse: "not that" });
  for (const answer of [hanging, pool.run({ ask: "pid" }), pool.run({ ask: "pid" })])
    await assert.rejects(answer, /not that/);
});

for (const [task, message] of [
  [{ ask: "exit", code: 3 }, /a worker of test\/base\/scriptedWorker\.ts ended early \(exit 3\)/],
  [{ ask: "kill" }, /ended early \(SIGKILL\)/],
] as const) {
  test(`a worker that dies (${task.ask}) rejects what runs, what waits and what comes`, async (t) => {
    const pool = startPool(t);
    const outstanding = [
      pool.run({ ask: "hang" }),
      pool.run(task),
      pool.run({ ask: "pid" }),
      pool.run({ ask: "remembered" }),
    ];
    for (const answer of outstanding) await assert.rejects(answer, message);
    await assert.rejects(pool.run({ ask: "pid" }), message);
  });
}

test("closing ends the processes and rejects what they did; signals to the group alone do not", async (t) => {
  const pool = startPool(t);
  const pids = await Promise.all([pool.run<number>({ ask: "pid" }), pool.run<number>({ ask: "pid" })]);
  for (const pid of pids) for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
  assert.deepEqual(
    (await Promise.all([pool.run<number>({ ask: "pid" }), pool.run<number>({ ask: "pid" })])).sort(),
    pids.slice().sort(),
  );
  const hanging = pool.run({ ask: "hang" });
  pool.end();
  await assert.rejects(hanging, /the workers were closed/);
  for (const pid of pids) assert.ok(await gone(pid), `process ${pid} is still there`);
});

test("shared floats: what one process writes another reads, bit by bit; reading beyond it is an error", async (t) => {
  const pool = startPool(t, 1);
  const { shared } = pool;
  const values = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i) * 10 ** ((i % 60) - 30));
  shared.write(values, 7);
  assert.deepEqual(shared.read(values.length, 7), values);
  await pool.run({ ask: "double", length: 50_000, from: 7 + 50_000, to: 200_000 });
  assert.deepEqual(
    shared.read(50_000, 200_000),
    values.slice(50_000).map((x) => 2 * x),
  );
  shared.write(Float32Array.of(1, NaN, -0, Infinity).subarray(1), 3); // a view, over what was there
  assert.deepEqual(shared.read(5, 3), Float32Array.of(NaN, -0, Infinity, 0, values[0]!));
  assert.throws(() => shared.read(4, 249_998), /SharedFloats: expected 4 floats at 249998, got 2$/);
  await assert.rejects(
    pool.run({ ask: "double", length: 1, from: 250_000, to: 0 }),
    /SharedFloats: expected 1 floats at 250000, got 0/,
  );
  assert.deepEqual(shared.read(0, 0), new Float32Array(0));

  const other = SharedFloats.create(); // every pool has its own
  assert.throws(() => other.read(1, 7), /got 0/);
  other.close();
});

test("asAnswered yields every answer as it comes, and the first error", async () => {
  const after = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(resolve, ms, value));
  const collect = async <T>(answers: Promise<T>[]): Promise<T[]> => {
    const out: T[] = [];
    for await (const answer of asAnswered(answers)) out.push(answer);
    return out;
  };
  assert.deepEqual(await collect([after(120, "c"), after(0, "a"), after(60, "b"), after(0, undefined)]), [
    "a",
    undefined,
    "b",
    "c",
  ]);
  assert.deepEqual(
    await collect(Array.from({ length: 50 }, (_, i) => Promise.resolve(i))),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.deepEqual(await collect([]), []);
  const failing = [
    after(30, 1),
    Promise.reject(new Error("first")),
    after(60, 2).then(() => {
      throw new Error("later, which nobody awaits");
    }),
  ];
  await assert.rejects(collect(failing), /^Error: first$/);
  await after(90, undefined);
});
