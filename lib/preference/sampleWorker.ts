/** A worker process of samplePool: samples the questions it is sent, one task at a time. */
import { UserError } from "../base/check";
import { startEngine } from "../engine/backend";
import type { Question } from "../factuality/records";
import { loadPolicy, type Policy } from "../model/policy";
import { sampleCandidates } from "./candidate";
import type { WorkerAnswer, WorkerSetup } from "./samplePool";

let policy: Promise<Policy> | undefined;

async function work({ setup, task }: { setup: WorkerSetup; task: Question[] }): Promise<void> {
  policy ??= startEngine().then(() => loadPolicy(setup.policyDir));
  for await (const candidates of sampleCandidates(await policy, task, setup.k, setup.sampling, setup.seed)) answer({ candidates });
  answer({ done: true });
}

function answer(message: WorkerAnswer): void {
  process.send!(message);
}

process.on("message", (message: { setup: WorkerSetup; task: Question[] }) => {
  work(message).catch((error: unknown) => answer({ error: String((error as Error).stack), ...(error instanceof UserError && { parts: error.parts }) }));
});
process.on("disconnect", () => process.exit(0)); // the parent is gone
process.on("SIGINT", () => undefined); // Ctrl-C reaches the whole group; the parent decides
