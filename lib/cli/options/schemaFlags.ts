/** Flags made from schemas: names, limits, defaults and help are the schema's. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { z } from "zod";
import { chooseObjective, needsOf, objectives, optionsOf, type ObjectiveChoice } from "../../align/objective/registry";
import { paperTraining, trainOptionsSchema, type TrainOptions } from "../../align/trainOptions";
import { number } from "./flags";

/** A flag a key of a schema of numbers with defaults: `weightDecay` is `--weight-decay <x>`. */
function schemaOption(key: string, field: z.ZodDefault<z.ZodNumber>): Option {
  const { innerType: inner, defaultValue } = field._def;
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const limits = number(inner.minValue ?? -Infinity, inner.maxValue ?? Infinity, inner.isInt);
  return new Option(`--${flag} <${inner.isInt ? "n" : "x"}>`, field.description ?? inner.description)
    .argParser(limits)
    .default(defaultValue());
}

const { shape } = trainOptionsSchema;
const trainingFlags = ["lr", "epochs", "batch", "microbatch", "warmup", "weightDecay", "clip"] as const;
type TrainingFlag = (typeof trainingFlags)[number];
export type TrainingFlags = Record<TrainingFlag, number> & ObjectiveFlags;

/** Flags of `TrainOptions`. @param some by default all that have one */
export function withTraining(command: Command, some: readonly TrainingFlag[] = trainingFlags): Command {
  withObjective(command);
  for (const key of some) command.addOption(schemaOption(key, shape[key]));
  return command;
}

export function trainOptions(flags: Partial<TrainingFlags>): TrainOptions {
  const given = trainingFlags.filter((key) => flags[key] !== undefined);
  return {
    ...paperTraining,
    objective: objectiveOf(flags),
    ...Object.fromEntries(given.map((key) => [key, flags[key]])),
  };
}

export interface ObjectiveFlags {
  objective?: string;
  option?: Record<string, number>;
  beta?: number;
}

/** `--objective` with its options, which the end of the help lists. */
export function withObjective(command: Command): Command {
  return command
    .addOption(
      new Option("--objective <name>", "what is minimised").choices(objectives.map(({ name }) => name)).default("dpo"),
    )
    .addOption(
      new Option("--option <key=value...>", "an option of the objective (see below)")
        .argParser(optionPair)
        .default({}, "as below"),
    )
    .addOption(new Option("--beta <x>", "the same as --option beta=<x>").argParser(number(0, 1e6)))
    .addHelpText("after", `\nObjectives:\n${objectives.map(objectiveHelp).join("\n")}`);
}

/** @throws UserError as `chooseObjective` */
export function objectiveOf({ objective = "dpo", option = {}, beta }: ObjectiveFlags): ObjectiveChoice {
  return chooseObjective(objective, { ...option, ...(beta !== undefined && { beta }) });
}

function objectiveHelp({ name, source, ...objective }: (typeof objectives)[number]): string {
  const reference = needsOf(chooseObjective(name)).has("logratio");
  const lines = optionsOf(objective).map(
    ({ key, preset, description }) => `      ${key}=${preset ?? ""}  ${description}`,
  );
  return [`  ${name.padEnd(9)} ${source}${reference ? "" : " (no reference)"}`, ...lines].join("\n");
}

function optionPair(text: string, before: Record<string, number>): Record<string, number> {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (!key || !Number.isFinite(Number(value))) throw new InvalidArgumentError("Expected key=number, as beta=0.1.");
  return { ...before, [key]: Number(value) };
}
