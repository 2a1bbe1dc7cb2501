/**
 * Reward-augmented data: each pair twice, once with the chosen side's score as a goal in the prompt, once with the
 * rejected side's, which is then what is wanted. Asked for the highest goal afterwards. The control has one goal for
 * all pairs, each once.
 */
import { z } from "zod";
import type { Question } from "../../factuality/records";
import type { PreferencePair } from "../../preference/pair";
import { bestAndWorst, flipped } from "./candidatePairs";
import type { MadeRows, RowContext } from "./rowContext";

export const goalsSchema = z
  .object({
    rows: z.literal("goals"),
    /** true: the highest goal for every pair, and no copies */
    constant: z.boolean(),
  })
  .strict();

export const highestGoal = 10;

/** A question with a goal behind its last message, from 0 to `highestGoal`. */
export function withGoal<Asked extends Pick<Question, "prompt">>(asked: Asked, goal: number): Asked {
  const [last, ...before] = asked.prompt.slice().reverse();
  const message = { ...last!, content: `${last!.content} Goal: ${goal}.` };
  return { ...asked, prompt: [...before.reverse(), message] };
}

const goalOf = (score: number): number => Math.round(highestGoal * score);

export async function goals(context: RowContext, { constant }: z.output<typeof goalsSchema>): Promise<MadeRows> {
  const pairs = await bestAndWorst(context);
  const rows = constant ? pairs.map((pair) => withGoal(pair, highestGoal)) : pairs.flatMap(goalCopies);
  return { rows, measures: {} };
}

/** Both copies: the second one prefers the other side. */
export function goalCopies(pair: PreferencePair): [PreferencePair, PreferencePair] {
  const { chosen, rejected } = pair.scores;
  return [withGoal(pair, goalOf(chosen)), withGoal(flipped(pair), goalOf(rejected))];
}
