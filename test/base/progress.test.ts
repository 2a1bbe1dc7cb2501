/** The time left: nothing before two updates, and then by their pace, whatever came before the first. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pace } from "../../lib/base/progress";

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
