/** `mask-dpo train`, `plan` and `merge`. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { UserError } from "../base/check";
import type { Table } from "../show/table";
import { checkpointEvery } from "../align/trainRun";
import { mergeVerb } from "../steps/merge";
import { planVerb, trainVerb } from "../steps/train";
import type { LoraConfig } from "../model/adapter/lora";
import type { MaskKind } from "../preference/mask";
import { keptText } from "../preference/tokenizeFor";
import { endingAfterStep } from "./signals";
import { count, json, mask, model, number, say, seed, textOf } from "./options/flags";
import { trainOptions, withTraining, type TrainingFlags } from "./options/schemaFlags";

interface MemoryFlags {
  gradientCheckpointing?: boolean;
  memory?: number;
  loraRank?: number;
  loraAlpha?: number;
  loraTargets: string[];
  loraRslora?: boolean;
}
const withMemory = (command: Command): Command =>
  command
    .option(
      "--gradient-checkpointing",
      "compute each layer again for the gradient: less memory, a third to a half more time, the same numbers",
    )
    .addOption(
      new Option(
        "--memory <size>",
        "take the largest microbatch that fits, e.g. 8GB (default: at most 16 and what this machine has)",
      )
        .argParser(bytes)
        .conflicts("microbatch"),
    )
    .option("--lora-rank <r>", "train an adapter of this rank and leave that", count)
    .option("--lora-alpha <a>", "its scale times the rank (default: twice the rank)", number(1e-9, 1e6))
    .option("--lora-targets <names>", "projections it adapts, as the model names them", commaSeparated, [
      "q_proj",
      "v_proj",
    ])
    .option("--lora-rslora", "scale by the root of the rank");

function bytes(text: string): number {
  const [, value, unit] = /^([\d.]+) ?([MG])B$/i.exec(text) ?? [];
  if (!value || !(Number(value) > 0)) throw new InvalidArgumentError("Expected a size such as 8GB or 500MB.");
  return Number(value) * (unit!.toUpperCase() === "G" ? 1e9 : 1e6);
}

const demonstrations = (): Option =>
  new Option(
    "--demonstrations <file>",
    "instead: rows {questionId, prompt, completion, sentences?} (JSONL) to imitate, with --objective sft",
  );

function commaSeparated(text: string): string[] {
  return text.split(",");
}

function loraOf(o: MemoryFlags): LoraConfig | undefined {
  if (!o.loraRank && (o.loraAlpha || o.loraRslora))
    throw new UserError({
      where: "--lora-rank",
      expected: "a rank with the other --lora options",
      got: "none",
      fix: "Give one, or leave them out.",
    });
  return o.loraRank
    ? { rank: o.loraRank, alpha: o.loraAlpha ?? 2 * o.loraRank, targets: o.loraTargets, rslora: o.loraRslora ?? false }
    : undefined;
}

/** Whether the microbatch is: then it is taken as it is. */
const isGiven = (command: Command): boolean => command.getOptionValueSource("microbatch") === "cli";

/** Adds the verbs to the program. */
export function addTrainCommands(program: Command): void {
  withMemory(
    withTraining(
      program
        .command("train")
        .description("masked DPO; leaves a Hugging Face folder (resumes)")
        .addOption(model())
        .option("--pairs <file>", "pairs (JSONL)")
        .addOption(demonstrations())
        .requiredOption("--out <dir>", "Hugging Face folder")
        .addOption(mask())
        .option("--drop-no-fact", "learn from no sentence without a fact, whatever the mask")
        .addOption(seed()),
    ),
  )
    .option("--checkpoint-every <n>", "steps between checkpoints", count, checkpointEvery)
    .action(
      async (
        o: {
          model: string;
          pairs?: string;
          demonstrations?: string;
          out: string;
          mask: MaskKind;
          dropNoFact?: boolean;
          seed: number;
          checkpointEvery: number;
        } & MemoryFlags &
          TrainingFlags,
        command: Command,
      ) => {
        const files = { ...o, fixed: isGiven(command), lora: loraOf(o), options: trainOptions(o) };
        const run = await endingAfterStep((onStep) => trainVerb(files, say, onStep));
        if (!run) return;
        const { logs, report } = run;
        const { step, loss, accuracy } = logs.at(-1)!;
        const sides = o.pairs ? `, accuracy ${accuracy.toFixed(3)}` : "";
        const last = `${step} steps, loss ${loss.toFixed(4)}${sides}`;
        say(`${keptText(report)}, ${last}; policy in ${o.out}`);
      },
    );

  withMemory(
    withTraining(
      program
        .command("plan")
        .description("how much memory train will take")
        .addOption(model())
        .option("--pairs <file>", "pairs (JSONL)")
        .addOption(demonstrations())
        .addOption(mask())
        .option("--drop-no-fact", "learn from no sentence without a fact, whatever the mask")
        .addOption(seed())
        .addOption(json()),
      ["epochs", "batch", "microbatch"],
    ),
  ).action(
    async (
      o: {
        model: string;
        pairs?: string;
        demonstrations?: string;
        mask: MaskKind;
        dropNoFact?: boolean;
        seed: number;
        json?: boolean;
      } & Partial<TrainingFlags> &
        MemoryFlags,
      command: Command,
    ) => {
      const tables: Table[] = [];
      for await (const table of planVerb({
        ...o,
        fixed: isGiven(command),
        lora: loraOf(o),
        options: trainOptions(o),
      })) {
        tables.push(table);
        if (!o.json) say(textOf(table));
      }
      if (o.json) say(JSON.stringify(tables, null, 2));
    },
  );

  program
    .command("merge")
    .description("a checkpoint with an adapter added to its weights")
    .addOption(model())
    .requiredOption("--adapter <dir>", "what train --lora-rank, or PEFT, left")
    .requiredOption("--out <dir>", "Hugging Face folder")
    .action((o: { model: string; adapter: string; out: string }) => {
      mergeVerb(o);
      say(`merged policy in ${o.out}`);
    });
}
