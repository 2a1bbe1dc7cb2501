/** The command line: `npx mask-dpo <verb> --help`. Verbs read and write JSONL files, so that every step can be redone on one's own. */
import path from "node:path";
import { Command, Option } from "commander";
import { UserError } from "../base/check";
import { projectRoot, versionIn } from "../base/files";
import { writeJsonl } from "../base/jsonl";
import {
  type ImportName,
  labelFormatNames,
  type PairFormatName,
  pairFormatNames,
} from "../preference/formats/registry";
import { agreementTables, agreementVerb } from "../steps/agreement";
import { annotateVerb } from "../steps/annotate";
import { bestOfVerb } from "../steps/bestOfN";
import { summaryOf } from "../steps/evaluate";
import { exportTorchVerb, exportVerb } from "../steps/export";
import { inspectVerb } from "../steps/inspect";
import { logpsVerb } from "../steps/logps";
import { pairsVerb } from "../steps/pairs";
import { sampleServerVerb, sampleVerb, type ServerSampleFlags } from "../steps/sample";
import { count, mask, model, number, say, seed } from "./flags";
import { addReportCommand } from "./report";
import { addRunsCommand } from "./runs";
import { withServer } from "./serverFlags";
import { addLossCommand } from "./loss";
import { trainOptions, withTraining, type TrainingFlags } from "./schemaFlags";
import { addTrainCommands } from "./train";
import { addWorldCommand } from "./world";
import { presetNames } from "../lab/preset";
import {
  annotateDefaults,
  annotateServerVerb,
  serverAnnotators,
  type ServerAnnotateFlags,
} from "../steps/annotateServed";
import { refuseServerFlags } from "../steps/server";
import { pairReportTable } from "../preference/tables";
import { bestOfTable, evaluationTable } from "../evaluation/tables";
import { diagnose } from "../steps/doctor";
import { importSummary, importVerb } from "../steps/import";
import { toText } from "../show/table";
import { greedySampling, paperSampling } from "../model/generate";
import { paperCandidates } from "../preference/candidate";
import type { MaskKind } from "../preference/mask";
import { loadAtlas } from "../world/atlas";

const questions = () => new Option("--questions <file>", "questions (JSONL)").default(undefined, "Atlas's");

const program = new Command("mask-dpo")
  .description("Mask-DPO: sample, annotate, mask, align, evaluate")
  .showHelpAfterError("(add --help for the options)")
  .version(versionIn("package.json"));
let output: string | undefined; // what the running verb writes: a full disk does not say which file it was
program.hook("preAction", (_program, verb) => {
  output = verb.opts<{ out?: string }>().out;
});

program
  .command("setup")
  .description("install packages, the fastest engine, the notebook kernel")
  .action(async () => {
    await import(/* plain JavaScript, run for its effect */ path.join(projectRoot, "lib/setup/setup.mjs"));
  });

program
  .command("doctor")
  .description("which engine computes here and why, and whether it computes rightly")
  .action(async () => {
    const { facts, checks } = await diagnose();
    for (const [name, value] of facts) say(`${name.padEnd(20)} ${value}`);
    for (const { name, ok, detail } of checks) say(`${ok ? "ok    " : "FAILED"} ${name}: ${detail}`);
    if (!checks.every(({ ok }) => ok)) process.exitCode = 1;
  });

addWorldCommand(program);

interface SamplingFlags {
  temperature: number;
  topK: number;
  topP: number;
  maxNewTokens: number;
}
const withSampling = (command: Command) =>
  command
    .option("--temperature <t>", "0 is greedy", number(0), paperSampling.temperature)
    .option("--top-k <k>", "0 switches it off", number(0, Infinity, true), paperSampling.topK)
    .option("--top-p <p>", "1 switches it off", number(1e-9, 1), paperSampling.topP)
    .option("--max-new-tokens <n>", "per completion", count, 256);

withServer(
  withSampling(
    program
      .command("sample")
      .description("sample K candidates of every question (resumes)")
      .addOption(model())
      .requiredOption("--questions <file>", "questions (JSONL)")
      .requiredOption("--out <file>", "candidates (JSONL)")
      .option("--k <n>", "candidates per question", count, paperCandidates)
      .addOption(seed()),
  ),
  new Option("--server <url>", "sample from a server instead of --model").conflicts("model"),
  number,
)
  .option(
    "--logprobs",
    "with --server: keep per-token log-probabilities, where it gives them, in <out>.run/logprobs.jsonl",
  )
  .option(
    "--tokenizer <dir>",
    "with --server: send prompts as text made with this folder's tokenizer and template, as --model would see them (for models without a chat template)",
  )
  .action(async (o: { model: string } & Omit<ServerSampleFlags, "sampling"> & SamplingFlags) => {
    const { temperature, topK, topP, maxNewTokens, questions, out, k, seed } = o;
    const sampling = { temperature, topK, topP, maxNewTokens };
    if (!o.server) refuseServerFlags(o);
    say(
      o.server
        ? await sampleServerVerb({ ...o, sampling })
        : `${await sampleVerb({ model: o.model, questions, out, k, seed, sampling })} candidates in ${out}`,
    );
  });

withServer(
  program
    .command("annotate")
    .description("annotate every sentence, with Atlas's oracle or a language model")
    .requiredOption(
      "--candidates <file>",
      "candidates (JSONL); a language model keeps the sentences of rows that have them",
    )
    .addOption(questions())
    .requiredOption("--out <file>", "annotated candidates (JSONL)")
    .addOption(
      new Option("--annotator <name>", "who judges").choices(["oracle", ...serverAnnotators]).default("oracle"),
    )
    .addOption(seed()),
  new Option("--server <url>", "the server of the judging model"),
  number,
)
  .option("--documents <file>", "anah: reference documents {questionId or topic, document} (JSONL)")
  .option(
    "--knowledge <file>",
    "factscore: articles {title, text} named as the topics (JSONL, or FActScore's SQLite database)",
  )
  .option("--answers <n>", "self-consistency: answers per fact", count, annotateDefaults.answers)
  .option("--answer-model <name>", "self-consistency: the model that answers (default: --model-name)")
  .option("--tries <n>", "replies asked for until one can be parsed", count, annotateDefaults.tries)
  .option("--cache <dir>", "folder of replies, which runs may share (default: <out>.run)")
  .action(
    async (o: Omit<ServerAnnotateFlags, "annotator"> & { annotator: ServerAnnotateFlags["annotator"] | "oracle" }) => {
      const { annotator } = o;
      if (annotator === "oracle" && o.server)
        throw new UserError({
          where: "--annotator",
          expected: `${serverAnnotators.join(" | ")} with --server`,
          got: "oracle",
          fix: "Name one of them, or leave --server out.",
        });
      if (!o.server) refuseServerFlags(o);
      say(
        annotator === "oracle"
          ? `${(await annotateVerb(o)).length} annotated candidates in ${o.out}`
          : await annotateServerVerb({ ...o, annotator }),
      );
    },
  );

program
  .command("agreement")
  .description("how far an annotator agrees with human labels")
  .requiredOption("--human <file>", "annotated candidates (JSONL)")
  .requiredOption("--annotated <file>", "the same, annotated by the annotator (JSONL)")
  .addOption(questions())
  .addOption(seed())
  .action((o: { human: string; annotated: string; questions?: string; seed: number }) =>
    say(agreementTables(agreementVerb(o)).map(toText).join("\n\n")),
  );

program
  .command("pairs")
  .description("best and worst candidate of every question")
  .requiredOption("--candidates <file>", "annotated candidates (JSONL)")
  .addOption(questions())
  .requiredOption("--out <file>", "pairs (JSONL)")
  .addOption(seed())
  .action((o: { candidates: string; questions?: string; out: string; seed: number }) =>
    say(toText(pairReportTable(pairsVerb(o)))),
  );

program
  .command("inspect")
  .description("one HTML page that shows every token of every pair")
  .requiredOption("--pairs <file>", "pairs (JSONL)")
  .addOption(model())
  .addOption(mask())
  .requiredOption("--out <file>", "HTML")
  .addOption(seed())
  .action((o: { pairs: string; model: string; mask: MaskKind; out: string; seed: number }) =>
    say(`${inspectVerb(o)} pairs in ${o.out}`),
  );

addTrainCommands(program);
addLossCommand(program);

program
  .command("evaluate")
  .description("answer questions and count correct, incorrect and no-fact sentences")
  .addOption(model())
  .addOption(questions())
  .addOption(
    new Option("--split <name>", "Atlas's questions, without --questions")
      .choices(["validation", "test", "ood"])
      .default("test"),
  )
  .addOption(
    new Option("--decoding <how>", "greedy (Table 1) or sampled (Table 6)")
      .choices(["greedy", "sampled"])
      .default("greedy"),
  )
  .option("--samples <n>", "answers per question when sampled", count, 4)
  .option("--max-new-tokens <n>", "per answer", count, 256)
  .requiredOption("--out <file>", "annotated answers (JSONL)")
  .addOption(seed())
  .action(
    async (o: {
      model: string;
      questions?: string;
      split: "validation" | "test" | "ood";
      decoding: "greedy" | "sampled";
      samples: number;
      maxNewTokens: number;
      out: string;
      seed: number;
    }) => {
      const file = o.questions ?? `${o.out}.run/questions.jsonl`;
      if (!o.questions) writeJsonl(file, loadAtlas().splits[o.split]);
      const sampling = { ...(o.decoding === "greedy" ? greedySampling : paperSampling), maxNewTokens: o.maxNewTokens };
      const candidates = `${o.out}.run/candidates.jsonl`;
      await sampleVerb({
        model: o.model,
        questions: file,
        out: candidates,
        k: o.decoding === "greedy" ? 1 : o.samples,
        sampling,
        seed: o.seed,
      });
      await annotateVerb({ candidates, questions: file, out: o.out });
      say(toText(evaluationTable([{ label: path.basename(o.model), summary: summaryOf(o.out, file, o.seed) }])));
    },
  );

program
  .command("best-of-n")
  .description("score of the best of N answers, N = 1, 2, 4, …")
  .requiredOption("--answers <file>", "annotated answers, several per question (JSONL)")
  .addOption(questions())
  .option("--most <n>", "largest N", count)
  .addOption(seed())
  .action((o: { answers: string; questions?: string; most?: number; seed: number }) =>
    say(
      toText(
        bestOfTable([{ label: path.basename(o.answers), points: bestOfVerb(o.answers, o.questions, o.seed, o.most) }]),
      ),
    ),
  );

program
  .command("logps")
  .description("masked sums of log-probabilities, a line per pair")
  .addOption(model())
  .requiredOption("--pairs <file>", "pairs (JSONL)")
  .addOption(mask())
  .requiredOption("--out <file>", "JSONL")
  .addOption(seed())
  .action(async (o: { model: string; pairs: string; mask: MaskKind; out: string; seed: number }) => {
    const { rows, leftOut } = await logpsVerb(o);
    say(`${rows} pairs in ${o.out}${leftOut ? `, ${leftOut} left out (longer than the model's positions)` : ""}`);
  });

program
  .command("import")
  .description(
    "preference pairs from the files of other projects; every sentence that is not in its text is named, and its row left out",
  )
  .addOption(
    new Option("--from <format>", "whose").choices([...pairFormatNames, ...labelFormatNames]).makeOptionMandatory(),
  )
  .requiredOption("--in <files...>", "JSON Lines, a JSON array (.json) or Parquet (.parquet)")
  .requiredOption("--out <file>", "pairs (JSONL)")
  .addOption(seed())
  .addHelpText(
    "after",
    `
official      Mask-DPO's own rows; hallucination becomes unverifiable, no_hallucination supported
trl           explicit or implicit prompt, conversational or plain; no verdicts, so only --mask none trains on them
llamafactory  sharegpt preference rows; no verdicts
axolotl       chat_template.default rows; no verdicts
factscore     labelled biographies, a file a model: pairs of a topic's best and worst; facts become one verdict a sentence
halueval      responses with hallucinated spans: pairs of a query's best and worst; spans become one verdict a sentence
Rows that mask-dpo export wrote give back the same pairs.`,
  )
  .action(async (o: { from: ImportName; in: string[]; out: string; seed: number }) => {
    const imported = await importVerb({ ...o, files: o.in });
    if (imported.made) say(toText(pairReportTable(imported.made.report)));
    say(importSummary(imported, o.out));
  });

withTraining(
  program
    .command("export")
    .description("preference pairs for other trainers")
    .addOption(new Option("--to <format>", "whose").choices([...pairFormatNames, "torch"]).makeOptionMandatory())
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .requiredOption("--out <dir>", "folder")
    .addOption(model())
    .addOption(mask())
    .addOption(seed()),
)
  .addHelpText(
    "after",
    `
official      sentences as strings with two labels; lost for its trainer: spans (it masks by adding up token counts), no-fact, token ids
trl           conversational rows; lost for its trainer: verdicts, and with them the mask. With --model as torch
llamafactory  sharegpt rows and the entry of dataset_info.json; lost as for trl
axolotl       chat_template.default rows and the entry of its configuration; lost as for trl
torch         token ids, masks, batches and learning rates as mask-dpo train takes them, with a training loop and a DPOTrainer of TRL's that read them; texts and verdicts are only in ids and masks, so it is not imported back
What is lost for the trainer rides along in a column mask_dpo, from which mask-dpo import takes it back.
--model, --mask, --seed and the options of training are for torch, and for trl with --model.`,
  )
  .action(
    (
      o: {
        to: PairFormatName | "torch";
        pairs: string;
        out: string;
        model: string;
        mask: MaskKind;
        seed: number;
      } & TrainingFlags,
      command: Command,
    ) => {
      if (o.to !== "torch" && !(o.to === "trl" && command.getOptionValueSource("model") === "cli")) {
        const { pairs, files } = exportVerb({ ...o, to: o.to });
        return say(`${pairs} pairs in ${files.join(", ")}`);
      }
      const { report, steps } = exportTorchVerb({ ...o, policyDir: o.model, options: trainOptions(o) });
      say(
        `${report.kept} of ${report.pairs} pairs (${report.emptied.length} emptied by the mask, ${report.tooLong.length} too long), ${steps} steps; how to train in ${path.join(o.out, "README.md")}`,
      );
    },
  );

program
  .command("notebooks")
  .description("execute notebooks headless, or only check their types")
  .argument("[files...]", "notebooks (default: all)")
  .option("--check", "type check, run nothing")
  .option("--timeout <s>", "seconds per cell", number(1), 7200)
  .action(async (files: string[], o: { check?: boolean; timeout: number }) => {
    const { checkTypes, notebookNames } = notebookTools();
    const { runNotebook } = require("../notebook/runNotebook") as typeof import("../notebook/runNotebook");
    const all = files.length > 0 ? files : notebookNames().map((name) => path.join(projectRoot, "notebooks", name));
    checkTypes(all);
    if (!o.check) for (const file of all) await runNotebook(file, { timeoutS: o.timeout });
  });

program
  .command("reproduce")
  .description("execute every notebook, leave figures and tables, print paper vs here")
  .addOption(new Option("--preset <name>", "size (default: by engine)").choices(presetNames))
  .option("--only <prefix...>", "only notebooks whose names begin so, e.g. 02")
  .addOption(seed())
  .option("--jobs <n>", "experiments side by side (default: one a core)", count)
  .option("--out <dir>", "put executed notebooks, figures and runs there instead of the project's folders")
  .action(async (o: { preset?: string; only?: string[]; seed: number; jobs?: number; out?: string }) =>
    notebookTools().reproduce(o),
  );

addReportCommand(program);
addRunsCommand(program);

program
  .command("lab")
  .description("start JupyterLab with our kernel")
  .action(async () => {
    process.exitCode = await (require("../notebook/jupyter") as typeof import("../notebook/jupyter")).startJupyterLab();
  });

/** Loaded late: it brings the TypeScript compiler. */
function notebookTools(): typeof import("../notebook/reproduce") {
  return require("../notebook/reproduce") as typeof import("../notebook/reproduce");
}

process.on("SIGINT", () => {
  process.stderr.write("\ninterrupted: what was done is kept; run the same command again to go on\n");
  process.exit(130);
});
program.parseAsync().catch((error: Error) => {
  process.exitCode = error.name === "RunInterrupted" ? 130 : 1;
  process.stderr.write(`mask-dpo: ${explain(error)}\n`);
});

/** One message for whatever a user can cause; a stack for our own mistakes only. */
function explain(error: NodeJS.ErrnoException): string {
  if (error.name === "UserError" || error.name === "RunInterrupted") return error.message;
  if (!error.code || !error.syscall) return error.stack ?? error.message;
  const full = error.code === "ENOSPC" || error.code === "EDQUOT";
  const fix = full
    ? "Free some space and run the same command again: what was already written is kept."
    : "Check the path and its permissions.";
  return new UserError({
    where: error.path ?? output,
    expected: full ? "space to write to" : `to ${error.syscall} it`,
    got: error.message,
    fix,
  }).message;
}
