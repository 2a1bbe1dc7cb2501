/** Options of training: one schema gives types, defaults, flags, what is hashed, and the rows of tables. */
import { z } from "zod";
import { chooseObjective, objectiveChoiceSchema } from "./objective/registry";

const whole = (most = 1_000_000) => z.number().int().positive().max(most);

/** Defaults; what the paper states is quoted. The rest follows the official code. */
export const trainOptionsSchema = z
  .object({
    objective: objectiveChoiceSchema.default(() => chooseObjective("dpo")),
    /** "the learning rate is 5e-6" */
    lr: z.number().nonnegative().max(1).default(5e-6).describe("peak learning rate"),
    /** "the epoch is 3" */
    epochs: whole(10_000).default(3).describe("passes over the pairs"),
    /** "the batch size is 64" */
    batch: whole().default(64).describe("pairs per step"),
    /** of a process; ours, for speed and memory (test/bench/README.md); decides no more than rounding */
    microbatch: whole().default(16).describe("pairs per forward pass; fewer where memory is short, unless it is given"),
    /** not stated ("cosine annealing learning rate scheduler"); official code: 0.03 */
    warmup: z.number().min(0).max(1).default(0.03).describe("share of the steps for linear warm-up"),
    /** not stated ("the AdamW optimizer"); official code: 0 */
    weightDecay: z.number().nonnegative().max(1000).default(0).describe("AdamW's weight decay"),
    betas: z.tuple([z.number(), z.number()]).readonly().default([0.9, 0.999]),
    eps: z.number().positive().default(1e-8),
    /** not stated; official code: 1 */
    clip: z.number().nonnegative().max(1e9).default(1).describe("the gradient's norm is clipped to this"),
  })
  .strict();
export type TrainOptions = z.output<typeof trainOptionsSchema>;

export const paperTraining: TrainOptions = trainOptionsSchema.parse({});

/** What decides the result: a run that ran out of memory goes on with a smaller microbatch. */
export const decisiveOptionsSchema = trainOptionsSchema.omit({ microbatch: true });

const number = z.number();
/** Of a step; means over the batch's pairs, logps are weighted sums in nats. */
export const stepLogSchema = z
  .object({
    step: number,
    steps: number,
    epoch: number,
    loss: number,
    chosenReward: number,
    rejectedReward: number,
    chosenLogps: number,
    rejectedLogps: number,
    accuracy: number,
    margin: number,
    gradNorm: number,
    lr: number,
    /** share of completion tokens whose weight is 0 */
    maskedShare: number,
    /** zero point of an objective that has one (KTO's z0) */
    zero: number.optional(),
    tokensPerSecond: number,
    etaSeconds: number,
  })
  .strict();
export type StepLog = z.output<typeof stepLogSchema>;

/** An option as a table shows it, beside the paper's words. */
export interface OptionRow {
  label: string;
  value: string;
  paper: string;
}

/** What was chosen, the objective's own options included. */
export function optionRows({ objective, ...options }: z.output<typeof decisiveOptionsSchema>): OptionRow[] {
  const row = (label: string, value: string | number, paper: string): OptionRow => ({
    label,
    value: String(value),
    paper,
  });
  const code: Record<string, string> = { beta: "not stated (official code: 0.1)" };
  return [
    row("objective", objective.name, "Mask-DPO (Eq. 6): dpo with the paper's mask"),
    ...Object.entries(objective.options).map(([key, value]) => row(key, value, code[key] ?? "no such option")),
    row("epochs", options.epochs, '"the epoch is 3"'),
    row("learning rate", options.lr, '"the learning rate is 5e-6"'),
    row("batch size (pairs)", options.batch, '"the batch size is 64"'),
    row("schedule", "cosine", '"cosine annealing learning rate scheduler"'),
    row("warm-up (share of steps)", options.warmup, "not stated (official code: 0.03)"),
    row("AdamW betas", options.betas.join(", "), "not stated"),
    row("weight decay", options.weightDecay, "not stated (official code: 0)"),
    row("gradient clipping", options.clip, "not stated (official code: 1)"),
  ];
}
