/** `mask-dpo world`: what Atlas is made of, made again. */
import path from "node:path";
import { Option, type Command } from "commander";
import { UserError } from "../base/check";
import { writeJsonl } from "../base/jsonl";
import { Rng } from "../base/rng";
import { startEngine } from "../engine/backend";
import { alignedFolder } from "../site/packAtlas";
import { trainAligned } from "../site/alignedAdapter";
import { bases, pretrain } from "../steps/pretrain";
import { loadTokenizer } from "../text/tokenizer";
import type { Asking } from "../world/agenda";
import { loadAtlas } from "../world/atlas";
import { buildFacts } from "../world/buildFacts";
import { atlasFolder } from "../world/facts";
import { writeCorpus } from "../world/render";
import { count, say } from "./options/flags";

interface QuestionsFlags {
  out: string;
  split: "train" | "validation" | "test" | "ood";
  asking: Asking;
  first?: number;
}

interface PretrainFlags {
  base: keyof typeof bases;
  out?: string;
  steps?: number;
}

/** Adds the verbs to the program. */
export function addWorldCommand(program: Command): void {
  const world = program.command("world").description("Atlas, the miniature world");
  world
    .command("facts")
    .description("derive cities and countries from the npm packages")
    .option("--out <dir>", "folder", atlasFolder)
    .action((o: { out: string }) => {
      const { cities, countries } = buildFacts(o.out);
      say(`${cities} cities, ${countries} countries in ${o.out}`);
    });
  world
    .command("questions")
    .description("write the questions of a split")
    .requiredOption("--out <file>", "JSONL")
    .addOption(new Option("--split <name>", "which").choices(["train", "validation", "test", "ood"]).default("train"))
    .addOption(
      new Option("--asking <how>", "whether questions leave open which facts to state, or say it")
        .choices(["free", "fixed"])
        .default("free"),
    )
    .option("--first <n>", "only the first n", count)
    .action((o: QuestionsFlags) => {
      const rows = loadAtlas(o.asking).splits[o.split].slice(0, o.first);
      writeJsonl(o.out, rows);
      say(`${rows.length} questions in ${o.out}`);
    });
  world
    .command("corpus")
    .description("write pretraining text")
    .requiredOption("--out <file>", "text")
    .option("--documents <n>", "how many", count, 60000)
    .action((o: { out: string; documents: number }) =>
      writeCorpus(loadAtlas(), o.out, new Rng("atlas/corpus"), o.documents),
    );
  world
    .command("pretrain")
    .description("pretrain a base policy; resumes")
    .addOption(new Option("--base <name>", "which").choices(Object.keys(bases)).default("base"))
    .option("--out <dir>", "Hugging Face folder (default: data/atlas/<base>)")
    .option("--steps <n>", "stop the recipe's schedule after fewer steps: for trying out", count)
    .action(async (o: PretrainFlags) => {
      if (o.steps && !o.out)
        throw new UserError({
          where: "--steps",
          expected: "an --out folder for a try",
          got: "none",
          fix: "Name one: only the whole recipe makes the base that ships.",
        });
      say((await startEngine()).description);
      const recipe = { ...bases[o.base], ...(o.steps && { steps: o.steps }) };
      const loss = await pretrain(recipe, loadTokenizer(atlasFolder), o.out ?? path.join(atlasFolder, o.base));
      say(`last losses ${loss.toFixed(4)}`);
    });
  world
    .command("aligned")
    .description("align the base by an adapter, as the site shows it; resumes")
    .option("--out <dir>", "adapter folder", alignedFolder)
    .action(async (o: { out: string }) => {
      const { logs } = await trainAligned(o.out);
      say(`last loss ${logs.at(-1)!.loss.toFixed(4)}`);
    });
}
