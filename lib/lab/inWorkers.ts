/** Requests computed side by side in worker processes, or one after the other in this one. */
import { sum } from "../base/collections";
import { startProgress } from "../base/progress";
import { WorkerPool } from "../base/workers";
import type { ExperimentRequest } from "./experiment";
import type { ExperimentSetup } from "./experimentWorker";
import type { Session } from "./session";
import type { StageRequest } from "./stages/stageRequest";

/** Starting workers (about two seconds) pays from so many on. */
const poolFrom = 2;

export interface SharedWork<Request> {
  /** of the progress */
  label: string;
  requests: readonly Request[];
  /** what progress and its ETA count */
  costOf: (request: Request) => number;
  /** beside the progress, after so many */
  note?: (finished: number) => string;
  /** one of them in this process */
  here: (request: Request) => Promise<void>;
}

/** Returns once all are there. @throws what the first of them to fail throws */
export async function inWorkers<Request extends ExperimentRequest | StageRequest>(
  session: Session,
  { label, requests, costOf, note, here }: SharedWork<Request>,
): Promise<void> {
  const size = Math.min(session.jobs, requests.length);
  if (!session.engine.parallel || size < poolFrom) {
    for (const request of requests) await here(request);
    return;
  }
  const pool = new WorkerPool<ExperimentSetup, Request>("lib/lab/experimentWorker.ts", size);
  const costs = requests.map(costOf);
  const progress = startProgress(label, sum(costs));
  try {
    const { preset, seed, runs, world } = session;
    pool.tell({ preset, seed, runs, world });
    let done = 0;
    let finished = 0;
    await Promise.all(
      requests.map(async (request, i) => {
        await pool.run(request);
        progress.update((done += costs[i]!), note?.(++finished));
      }),
    );
  } finally {
    progress.stop();
    pool.close();
  }
}
