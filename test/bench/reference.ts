/** Reference log-probabilities of all pairs, against TRL's precomputation under the same masks. */
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { Peer } from "./peers";
import { race, ratios, seconds, spread, type Row } from "./race";
import { peerSetup } from "./train";
import { atlasWork, release, type TrainingWork } from "./work";

export async function referenceSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const work = await atlasWork();
  try {
    return [await referenceRow("reference", work, python, rounds, `${work.pairs.length} pairs, Atlas base`, 1.5)];
  } finally {
    release(work);
  }
}

/** @param of what, for the table */
export async function referenceRow(
  suite: string,
  work: TrainingWork,
  python: string,
  rounds: number,
  of: string,
  goal: number,
): Promise<Row> {
  const steps = Math.ceil(work.pairs.length / work.options.batch); // an epoch: each pair once
  const trl = await Peer.python(python, "trl_dpo.py", { ...peerSetup(work, steps), work: "reference" });
  try {
    let ours = 0;
    let theirs = 0;
    const times = await race(rounds, 1, {
      ours: () =>
        seconds(async () => {
          const { chosen, rejected } = weightedSums(
            await computeLogps(work.compute, work.initial, work.pairs),
            work.pairs,
          );
          ours = [...chosen, ...rejected].reduce((a, b) => a + b, 0);
        }),
      TRL: async () => {
        const answer = await trl.ask<{ seconds: number; sum: number }>({});
        theirs = answer.sum;
        return answer.seconds;
      },
    });
    return {
      suite,
      work: `reference logps of ${of}`,
      unit: "s",
      peerName: "TRL",
      goal,
      ours: spread(times.ours),
      peer: spread(times.TRL),
      ratio: ratios(times.TRL, times.ours),
      check: `sum of all: ${ours.toFixed(0)} and ${theirs.toFixed(0)} nats`,
    };
  } finally {
    trl.close();
  }
}
