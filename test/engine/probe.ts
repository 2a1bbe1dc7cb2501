// What an engine computes, as JSON on stdout: run in a process of its own with ENGINE set.
// With the argument "start" or "large" only a matrix product, on an engine for small or for large tensors.
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../../lib/engine/backend";
import { probed, product } from "./probed";

async function main(): Promise<void> {
  const [size] = process.argv.slice(2);
  const engine = await startEngine({ large: size === "large" });
  const out = size ? await product() : await probed();
  process.stdout.write(JSON.stringify({ engine, backend: tf.getBackend(), out }));
}
main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
