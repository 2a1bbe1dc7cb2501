/**
 * Many experiments: those not known yet run side by side, each on one thread of its own process, which uses a CPU
 * better than one experiment on all cores. What they have in common (candidates, pairs) is made first.
 */
import { hashOf } from "../base/hash";
import { isOwn } from "../base/own";
import {
  experimentName,
  knownResult,
  runExperiment,
  type ExperimentRequest,
  type ExperimentResult,
} from "./experiment";
import { inWorkers } from "./inWorkers";
import { preparePairs } from "./pairSource";
import type { Session } from "./session";
import { topicVectors } from "./topicEmbeddings";

/**
 * Results in the order of the requests; requests of one experiment are computed together.
 * @throws UserError as `runExperiment`
 */
export async function runExperiments(
  session: Session,
  requests: readonly ExperimentRequest[],
): Promise<ExperimentResult[]> {
  const missing = inOrder(merged(session, requests).filter((request) => !knownResult(session, request)));
  await prepare(session, missing);
  await compute(session, missing);
  return requests.map((request) => knownResult(session, request)!);
}

/** One request an experiment, with all evaluations asked of it. */
function merged(session: Session, requests: readonly ExperimentRequest[]): ExperimentRequest[] {
  const byName = new Map<string, ExperimentRequest>();
  for (const { experiment, evaluations, track } of requests) {
    const name = experimentName(session, experiment);
    const before = byName.get(name);
    byName.set(name, {
      experiment,
      evaluations: [...new Set([...(before?.evaluations ?? []), ...evaluations])],
      track: Boolean(before?.track || track),
    });
  }
  return [...byName.values()];
}

/** First one of each set of pairs, then the others, which find its reference log-probabilities there. */
function inOrder(requests: readonly ExperimentRequest[]): ExperimentRequest[] {
  const seen = new Set<string>();
  const isFirst = requests.map(({ experiment: { policy, pairs, seed } }) => {
    const key = hashOf({ policy, pairs, seed });
    return !seen.has(key) && Boolean(seen.add(key));
  });
  return [...requests.filter((_, i) => isFirst[i]), ...requests.filter((_, i) => !isFirst[i])];
}

async function prepare(session: Session, requests: readonly ExperimentRequest[]): Promise<void> {
  const sources = new Map(
    requests.map(({ experiment: { pairs, seed } }) => [
      hashOf({ ...pairs, topics: 0, questionsPerTopic: 0, group: null, seed }),
      { pairs, seed },
    ]),
  );
  for (const { pairs, seed } of sources.values()) await preparePairs({ ...session, seed }, pairs);
  const embedded = new Map(
    requests.flatMap(
      ({
        experiment: {
          pairs: { group },
          seed,
        },
      }) => (group ? [[`${group.embedding} ${seed}`, { name: group.embedding, seed }]] : []),
    ),
  );
  for (const { name, seed } of embedded.values()) await topicVectors({ ...session, seed }, name);
}

async function compute(session: Session, requests: readonly ExperimentRequest[]): Promise<void> {
  const own = requests.filter(usesOwn);
  for (const request of own) await runExperiment(session, request);
  await computeShared(
    session,
    requests.filter((request) => !own.includes(request)),
  );
}

/** Workers know only what the library has. */
function usesOwn({ experiment: { pairs, mask, training } }: ExperimentRequest): boolean {
  return [pairs.annotator, mask, training.objective.name].some(isOwn);
}

function computeShared(session: Session, requests: readonly ExperimentRequest[]): Promise<void> {
  return inWorkers(session, {
    label: "experiments",
    requests,
    costOf,
    note: (finished) => `${finished} of ${requests.length}`,
    here: async (request) => void (await runExperiment(session, request)),
  });
}

/** In training steps, roughly: what progress and its ETA count. */
function costOf({ experiment: { pairs, training, snapshots }, evaluations }: ExperimentRequest): number {
  const steps = (pairs.topics * pairs.questionsPerTopic * (pairs.group?.share ?? 1) * training.epochs) / training.batch;
  return Math.ceil(steps) + 5 * (evaluations.length + (snapshots ? 3 : 0));
}
