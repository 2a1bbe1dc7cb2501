/** A worker process of samplePool: samples the questions it is sent. */
import { serveTasks } from "../base/workers";
import { startEngine } from "../engine/backend";
import type { Candidate, Question } from "../factuality/records";
import { loadPolicy, type Policy } from "../model/policy";
import { sampleCandidates } from "./candidate";
import type { SampleSetup } from "./samplePool";

let setup: SampleSetup, policy: Policy;

serveTasks({
  async tell(state: SampleSetup) {
    await startEngine();
    setup = state;
    policy = loadPolicy(state.policyDir);
  },
  async run(questions: Question[]) {
    const out: Candidate[][] = [];
    for await (const candidates of sampleCandidates(policy, questions, setup.k, setup.sampling, setup.seed))
      out.push(candidates);
    return out;
  },
});
