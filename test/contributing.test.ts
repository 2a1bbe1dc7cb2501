/**
 * The recipes of CONTRIBUTING.md, carried out in a copy of the project with the code that stands there: what
 * they name is all that is touched, the copy compiles, its tests pass, and the commands know what is new.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { projectRoot } from "../lib/base/files";
import { readJsonl, writeJsonl } from "../lib/base/jsonl";
import { annotatedCandidateSchema } from "../lib/factuality/records";
import type { LossRow } from "../lib/steps/loss";
import { tinyModel, writePairs, writeQuestions } from "./cli/data";
import { rowsOf } from "./cli/process";
import { scratch } from "./golden/fixtures";

interface Step {
  file: string;
  /** what stands there in a block of code */
  code: string;
}

/** The numbered steps of a recipe: each begins with the file it is about. */
function recipe(title: string, name: string): Step[] {
  const text = readFileSync(path.join(projectRoot, "CONTRIBUTING.md"), "utf8");
  const [, section] = text.split(`\n### ${title}\n`);
  assert.ok(section, `CONTRIBUTING.md has no recipe "${title}"`);
  const [body] = section.split(/\n###? /);
  const steps = body!.split(/\n(?=\d+\. )/).slice(1);
  return steps.map((step) => {
    const [, file] = /^\d+\. `([\w./]+)` /.exec(step) ?? assert.fail(`a step without a file: ${step}`);
    const [, block = ""] = /```\w+\n([^]*?)```/.exec(step) ?? [];
    return { file: file!.replace("NAME", name), code: block.replace(/^ {3}/gm, "").trimEnd() + "\n" };
  });
}

const typescript = "./lib/base/typescript.cjs";

/** A copy of the project. */
class Copy {
  private readonly root: string;

  constructor(t: TestContext) {
    this.root = path.join(scratch(t), "copy");
    mkdirSync(this.root);
    for (const name of ["lib", "test", "package.json", "tsconfig.json"])
      cpSync(path.join(projectRoot, name), this.at(name), { recursive: true });
    for (const name of ["node_modules", "data"]) symlinkSync(path.join(projectRoot, name), this.at(name));
  }

  at(file: string): string {
    return path.join(this.root, file);
  }

  /** A file that is not there yet. */
  create({ file, code }: Step): void {
    assert.ok(!existsSync(this.at(file)), `${file} is there already`);
    writeFileSync(this.at(file), code);
  }

  edit(file: string, change: (text: string) => string): void {
    const before = readFileSync(this.at(file), "utf8");
    const after = change(before);
    assert.notEqual(after, before, `nothing changed in ${file}`);
    writeFileSync(this.at(file), after);
  }

  /** Imports what is new, and puts it at the end of the registry's list. */
  register({ file }: Step, name: string, list: string, imported = name): void {
    this.edit(file, (text) =>
      text
        .replace(/^import/m, `import { ${imported} } from "./${name}";\nimport`)
        .replace(new RegExp(`(const ${list}\\b[^=]*= \\[[^\\]]*?),?\\s*\\]`), `$1, ${imported.split(" ").at(-1)!}]`),
    );
  }

  /** Runs node there, which must succeed. @returns what it printed */
  async node(...args: string[]): Promise<string> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env; // with it a test in a test would not be run
    const child = spawn(process.execPath, args, { cwd: this.root, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += String(data)));
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    assert.equal(code, 0, `node ${args.join(" ")}:\n${said}`);
    return said;
  }

  /** Runs commands, all in one process: it takes a second to start. @returns what they printed */
  async maskDpo(...commands: readonly (readonly string[])[]): Promise<string> {
    const each = `
      const { runCommand } = require("./lib/cli/main");
      (async () => {
        for (const args of JSON.parse(process.argv[1])) process.exitCode = (await runCommand(args)) || process.exitCode;
      })();`;
    return this.node("--require", typescript, "-e", each, JSON.stringify(commands));
  }

  /** Runs tests, which must be so many and pass. */
  async test(count: number, ...args: string[]): Promise<void> {
    const said = await this.node("--require", typescript, "--test", "--test-reporter=tap", ...args);
    assert.match(said, new RegExp(`^# pass ${count}$`, "m"), said);
  }
}

interface GoldenSide {
  logps: number[];
  reference: number[];
  weights: number[];
}
interface Golden {
  pairs: Record<"chosen" | "rejected", GoldenSide>[];
  masks: Record<"chosen" | "rejected", number[]>[];
  results: object[];
}

/** What the formula of `squared` gives, as the generator writes it: here PyTorch need not be. */
function withSquared(text: string): string {
  const golden = JSON.parse(text) as Golden;
  const tau = 0.3;
  for (const weighting of ["unmasked", "masked", "weighted"]) {
    const pairs = golden.pairs.map((pair, i) => {
      const weights = (side: "chosen" | "rejected") =>
        golden.masks[i]![side].map((kept, t) =>
          weighting === "unmasked" ? 1 : weighting === "masked" ? kept : kept * pair[side].weights[t]!,
        );
      const sum = (side: "chosen" | "rejected") =>
        weights(side).reduce((total, w, t) => total + w * (pair[side].logps[t]! - pair[side].reference[t]!), 0);
      const distance = sum("chosen") - sum("rejected") - 1 / (2 * tau);
      const gradient = (side: "chosen" | "rejected", sign: number) => weights(side).map((w) => sign * 2 * distance * w);
      return { loss: distance ** 2, gradients: { chosen: gradient("chosen", 1), rejected: gradient("rejected", -1) } };
    });
    golden.results.push({
      objective: "squared",
      options: { tau },
      weighting,
      losses: pairs.map(({ loss }) => loss),
      gradients: pairs.map(({ gradients }) => gradients),
    });
  }
  return JSON.stringify(golden);
}

/** Takes every step of the recipes. */
function carryOut(copy: Copy): void {
  const objective = recipe("An objective", "squared");
  const annotator = recipe("An annotator", "lookup");
  const study = recipe("A study", "oneQuestion");
  assert.deepEqual([objective.length, annotator.length, study.length], [4, 3, 3], "a step that is not carried out");

  const [formula, registry, generator, golden] = objective as [Step, Step, Step, Step];
  copy.create(formula);
  copy.register(registry, "pairwise/squared", "objectives", "squared");
  copy.edit(generator.file, (text) =>
    text.replace(/^CASES = \[/m, `${generator.code}\n\nCASES = [`).replace(/^\]$/m, '    (squared, {"tau": 0.3}),\n]'),
  );
  copy.edit(golden.file, withSquared);

  copy.create(annotator[0]!);
  copy.register(annotator[1]!, "lookup", "all");
  copy.create(annotator[2]!);

  copy.create(study[0]!);
  copy.register(study[1]!, "oneQuestion", "studies", "study as oneQuestion");
  copy.create(study[2]!);
}

test(
  "recipes touch what they name, compile, pass their tests, and are known to the commands",
  { timeout: 300_000 },
  async (t) => {
    const copy = new Copy(t);
    carryOut(copy);
    const tests = ["test/factuality/annotators/lookup.test.ts", "test/paper/oneQuestion.test.ts"];
    writeFileSync(
      copy.at("tsconfig.copy.json"),
      JSON.stringify({ extends: "./tsconfig.json", include: ["lib/**/*.ts", ...tests] }),
    );
    await copy.node("node_modules/typescript/bin/tsc", "-p", "tsconfig.copy.json");
    // of the objectives' tests those that take what is new
    const names = ["float64", "squared", "what is in the list", "each mask in its row"];
    await copy.test(4, `--test-name-pattern=${names.join("|")}`, ...tests, "test/align/objective/objectives.test.ts");

    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const side = (logps: number[], reference: number[]) => ({ logps, reference });
    writeJsonl(at("logps.jsonl"), [{ id: 7, chosen: side([-1, -2], [-1.5, -2]), rejected: side([-1], [-0.75]) }]);
    const squared = ["--objective", "squared", "--option", "tau=0.5"];
    // margin 0.5 + 0.25, aimed at 1
    const expected: LossRow = { id: 7, loss: 0.0625, chosenGradient: [-0.5, -0.5], rejectedGradient: [0.5] };
    const pairs = writePairs(at("pairs.jsonl"), 8);
    const small = ["--model", tinyModel, "--epochs", "1", "--batch", "4", "--lr", "1e-3"];
    writeJsonl(at("statements.jsonl"), [{ topic: "t0", sentence: "It is large." }]);
    const completion = "So. It is large.";
    writeJsonl(
      at("candidates.jsonl"),
      [0, 1].map((i) => ({ questionId: `q${i}`, index: 0, completion, seed: 0 })),
    );
    const files = ["--candidates", at("candidates.jsonl"), "--questions", writeQuestions(at("questions.jsonl"), 2)];
    const lookup = ["--annotator", "lookup", "--statements", at("statements.jsonl"), "--words", "2"];
    const said = await copy.maskDpo(
      ["loss", ...squared, "--in", at("logps.jsonl"), "--out", at("losses.jsonl")],
      ["train", ...squared, ...small, "--pairs", pairs, "--out", at("trained")],
      ["annotate", ...files, ...lookup, "--out", at("annotated.jsonl")],
      ["annotate", "--help"],
    );
    assert.deepEqual(rowsOf<LossRow>(at("losses.jsonl")), [expected]);
    assert.match(said, /8 of 8 pairs .+, 2 steps, loss [\d.]+, /);
    assert.ok(existsSync(at("trained/model.safetensors")));
    assert.deepEqual(
      readJsonl(at("annotated.jsonl"), annotatedCandidateSchema).map(({ sentences }) =>
        sentences.map(({ verdict }) => verdict),
      ),
      [
        ["no-fact", "supported"],
        ["no-fact", "unverifiable"],
      ],
    );
    assert.match(said, /--statements <file> +lookup: [^]+\n {2}lookup +sentences of a list/);
  },
);
