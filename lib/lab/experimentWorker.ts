/** A worker process of runExperiments and runStages: computes what it is sent, one after the other, on one thread. */
import { setProgressRenderer } from "../base/progress";
import { serveTasks } from "../base/workers";
import { runExperiment, type ExperimentRequest } from "./experiment";
import type { Preset } from "./preset";
import type { WorldName } from "../world/worlds";
import { openSession, type Session } from "./session";
import { runStageRequest, type StageRequest } from "./stages/stageRequest";

/** What a worker is told once. */
export interface ExperimentSetup {
  preset: Preset;
  seed: number;
  runs: string;
  world: WorldName;
}

setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined })); // the pool shows how many are done
let session: Session;

serveTasks({
  async tell({ preset, seed, runs, world }: ExperimentSetup) {
    session = { ...(await openSession({ preset: preset.name, seed, world })), preset, runs };
  },
  async run(request: ExperimentRequest | StageRequest) {
    if ("chain" in request) await runStageRequest(session, request);
    else await runExperiment(session, request);
  },
});
