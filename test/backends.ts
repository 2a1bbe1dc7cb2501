/** Runs a test on every backend that starts here; the others are skipped with their reason. */
import { test, type TestContext } from "node:test";
import { switchEngine, type EngineName } from "../lib/engine/backend";

export function onEveryBackend(
  name: string,
  body: (engine: EngineName, t: TestContext) => Promise<void> | void,
  engines: readonly EngineName[] = ["native", "wasm"],
): void {
  for (const engine of engines) {
    test(`${name} [${engine}]`, async (t) => {
      try {
        await switchEngine(engine);
      } catch (error) {
        t.skip(`${engine} does not start here: ${(error as Error).message.split("\n")[0]}`);
        return;
      }
      await body(engine, t);
    });
  }
}

/** Largest difference relative to the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`relativeError: expected ${expected.length} values, got ${actual.length}`);
  let difference = 0;
  let scale = 1e-12;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return Number.isFinite(difference) ? difference / scale : Infinity;
}
