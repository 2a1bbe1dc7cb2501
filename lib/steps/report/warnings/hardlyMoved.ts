/** Policies that answer as the first does, or whose log-ratios to the reference stayed near 0. */
import { mean } from "../../../base/stats";
import type { Training } from "../training";
import { againstFirst } from "../sets";
import { share, type Warning } from "./warning";

/** From this share of answers on that are the same, word for word. */
const sameAnswers = 0.8;
/** Nats by which the sum over an answer's tokens differs from the reference's; a coin toss is 0.7. */
const littleLogratio = 0.5;

export const hardlyMoved: Warning = ({ inputs }) => [
  ...againstFirst(inputs).flatMap(({ policy, first }) => {
    const before = new Map(
      first.answers.map(({ questionId, index, completion }) => [`${index} ${questionId}`, completion]),
    );
    const same = policy.answers.filter(
      (answer) => before.get(`${answer.index} ${answer.questionId}`) === answer.completion,
    );
    if (same.length < sameAnswers * policy.answers.length) return [];
    return [
      `${policy.name} hardly moved: ${share(same.length, policy.answers.length)} of its answers are those of ` +
        `${first.name}, word for word (${policy.file}). Train longer, or at a higher rate.`,
    ];
  }),
  ...inputs.trained.flatMap((training) => {
    const logratios = lastLogratios(training);
    if (!logratios || Math.max(...logratios.map(Math.abs)) >= littleLogratio) return [];
    const [chosen, rejected] = logratios.map((value) => value.toFixed(2));
    return [
      `${training.name} hardly moved: its log-ratios to the reference ended at ${chosen} nats on chosen and ` +
        `${rejected} on rejected answers. Train longer, or at a higher rate.`,
    ];
  }),
];

/** Means over the last tenth of the steps, where rewards are beta times a log-ratio (DPO's). */
function lastLogratios({ run, logs }: Training): [chosen: number, rejected: number] | undefined {
  const { name, options } = run?.options.objective ?? {};
  const beta = options?.beta;
  if (name !== "dpo" || !(typeof beta === "number" && beta > 0)) return undefined;
  const last = logs.slice(-Math.ceil(logs.length / 10));
  const reward = (of: "chosenReward" | "rejectedReward") => mean(last.map((step) => step[of]));
  return [reward("chosenReward") / beta, reward("rejectedReward") / beta];
}
