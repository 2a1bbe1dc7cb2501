/** Commands that understand what was nearly written, and name it first: an option under another name is missing too. */
import { Command, type ParseOptionsResult } from "commander";

/** What other projects call our options; more than a slip away, which commander finds by itself. */
const options: Readonly<Record<string, readonly string[]>> = {
  "batch-size": ["batch"],
  "beta-dpo": ["beta"],
  data: ["pairs", "candidates", "questions"],
  dataset: ["pairs", "candidates", "questions"],
  input: ["in", "pairs", "candidates", "answers", "questions"],
  "learning-rate": ["lr"],
  "lora-r": ["lora-rank"],
  "loss-type": ["objective"],
  loss: ["objective"],
  "max-tokens": ["max-new-tokens", "max-reply-tokens"],
  "model-name-or-path": ["model"],
  n: ["k", "samples", "most", "first"],
  "num-samples": ["k", "samples"],
  "num-train-epochs": ["epochs"],
  o: ["out"],
  output: ["out"],
  "output-dir": ["out"],
  "per-device-train-batch-size": ["microbatch"],
  temp: ["temperature"],
  url: ["server"],
};

/** What others call our verbs. */
const verbs: Readonly<Record<string, string>> = {
  align: "train",
  bon: "best-of-n",
  clean: "gc",
  compare: "diff",
  convert: "import-model",
  dpo: "train",
  download: "fetch",
  eval: "evaluate",
  generate: "sample",
  install: "setup",
  judge: "annotate",
  jupyter: "lab",
  label: "annotate",
  list: "ls",
  memory: "plan",
  remove: "gc",
  view: "inspect",
};

export class Verb extends Command {
  override createCommand(name?: string): Verb {
    return new Verb(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(args);
    const [flag] = parsed.unknown;
    if (this.commands.length > 0) this.checkVerb(parsed.operands[0]);
    else if (flag?.startsWith("-") && !parsed.unknown.some((word) => word === "-h" || word === "--help"))
      this.refuse(flag);
    return parsed;
  }

  private checkVerb(name = ""): void {
    const meant = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    const has = (verb: string | undefined): boolean => this.commands.some((command) => command.name() === verb);
    if (meant !== undefined && has(meant) && !has(name))
      this.error(`error: unknown command '${name}'\n(Did you mean ${meant}?)`, { code: "commander.unknownCommand" });
  }

  /**
   * Before commander asks for what must be given. Its own words, with the option that was nearly written; none where
   * unknown ones are allowed.
   */
  private refuse(flag: string): void {
    const name = flag.replace(/^-+/, "").replace(/=.*/s, "").replaceAll("_", "-");
    const others = Object.hasOwn(options, name) ? options[name]! : [];
    const meant = [name, ...others].find((long) => this.options.some((option) => option.long === `--${long}`));
    if (meant === undefined) return (this as unknown as { unknownOption(flag: string): void }).unknownOption(flag);
    this.error(`error: unknown option '${flag}'\n(Did you mean --${meant}?)`, { code: "commander.unknownOption" });
  }
}
