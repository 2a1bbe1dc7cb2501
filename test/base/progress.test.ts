/** The time left: nothing before two updates, and then by their pace, whatever came before the first. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { barLine, Pace, startProgress } from "../../lib/base/progress";

test("a slow start does not count, nor what an earlier run did", () => {
  mock.timers.enable({ apis: ["Date"], now: 0 });
  const pace = new Pace("work", 100);
  mock.timers.tick(600_000); // workers start
  assert.equal(pace.left(), undefined);
  pace.update(40); // of which an earlier run did 39
  assert.equal(pace.left(), undefined);
  assert.equal(pace.text(), "work 40/100 (40 %), 10 min 00 s");
  mock.timers.tick(2000);
  pace.update(42);
  assert.equal(pace.left(), 58);
  assert.equal(pace.text("loss 0.5"), "work 42/100 (42 %), 10 min 02 s, ETA 58 s, loss 0.5");
  pace.update(100);
  assert.equal(pace.left(), undefined);
  mock.timers.reset();
});

test("a bar survives a narrow terminal: it shrinks, goes, and no line wraps", () => {
  const line = (columns: number): string => barLine("sampling", 0.5, "50% 5/10 ETA 3 s", columns);
  assert.equal(line(200), `sampling ${"█".repeat(20)}${"░".repeat(20)} 50% 5/10 ETA 3 s`);
  assert.equal(line(36), `sampling ${"█".repeat(5)}${"░".repeat(4)} 50% 5/10 ETA 3 s`);
  assert.equal(line(28), "sampling 50% 5/10 ETA 3 s");
  assert.equal(line(15), "sampling 50% 5");
  for (let columns = 1; columns < 100; columns++) assert.ok([...line(columns)].length < columns, String(columns));
});

test("a log gets a line after ten seconds, then ever fewer, and the last", (t) => {
  mock.timers.enable({ apis: ["Date"], now: 0 });
  t.after(() => mock.timers.reset());
  const written: number[] = [];
  t.mock.method(process.stderr, "write", () => written.push(Date.now()));
  const day = 86_400;
  const progress = startProgress("work", day);
  for (let second = 1; second <= day; second++) {
    mock.timers.tick(1000);
    progress.update(second);
  }
  progress.stop();
  assert.deepEqual(written.slice(0, 3), [10_000, 20_000, 30_000]);
  assert.equal(written.at(-1), day * 1000);
  assert.ok(written.length > 50 && written.length < 100, `${written.length} lines in a day`);
  const gaps = written.slice(0, -1).map((at, i) => at - (written[i - 1] ?? 0));
  assert.ok(
    gaps.every((gap, i) => gap <= Math.max(11_000, 0.12 * written[i]!)),
    "none is waited for long",
  );
});
