/**
 * The command line: `node lib/cli/mask-dpo.mjs <verb> --help`. Verbs read and write JSONL files, so that every step can
 * be redone on one's own.
 */
import { CommanderError, type Command } from "commander";
import { UserError } from "../base/check";
import { explain } from "./explain";
import { checkOutput } from "./options/inputs";
import { complain, out } from "./options/flags";
import { createProgram } from "./program";
import { endOnSignals } from "./signals";

/** Runs one command line, e.g. ["pairs", "--help"]; several one after the other in a process. @returns its exit code */
export async function runCommand(args: readonly string[]): Promise<number> {
  let output: string | undefined; // what the running verb writes
  const program = createProgram({ out, err: complain }).hook("preAction", (_program, verb) => {
    output = verb.opts<{ out?: string }>().out;
    checkOutput(verb);
  });
  try {
    refuseKeptByNpm(program, args);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // it has said why
    complain(`mask-dpo: ${explain(error, output)}\n`);
    return (error as Error).name === "RunInterrupted" ? 130 : 1;
  }
}

/** Options of these names are of npm's configuration, too, where people have them for good. */
const npmsOwn = ["--jobs"];

/** `npm run` takes options for itself unless `--` stands before them, and the verb would run without. */
function refuseKeptByNpm(program: Command, args: readonly string[]): void {
  const { npm_lifecycle_event: script } = process.env;
  const verb = program.commands.find((command) => command.name() === script && script === args[0]);
  const kept = verb?.options.find(
    ({ long }) => long && !npmsOwn.includes(long) && `npm_config_${long.slice(2).replaceAll("-", "_")}` in process.env,
  )?.long;
  if (kept === undefined || args.includes(kept)) return;
  throw new UserError({
    where: `npm run ${script}`,
    expected: "-- before the options",
    got: `${kept}, which npm took for itself`,
    fix: `Write \`npm run ${script} -- ${kept} …\`.`,
  });
}

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  speakOfAll();
  endOnSignals();
  process.exitCode = (await runCommand(process.argv.slice(2))) || process.exitCode;
}

/**
 * Errors that no command caught, as a line. One after the command's own message is what that left behind, and nothing
 * new; one of a reader who has seen enough (`| head`) is none.
 */
function speakOfAll(): void {
  const end = (error: unknown): void => {
    if (!process.exitCode) complain(`mask-dpo: ${explain(error)}\n`);
    process.exit(1);
  };
  process.on("uncaughtException", end);
  // the command itself may be about to say it better
  process.on("unhandledRejection", (error) => void setTimeout(end, 100, error));
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? process.exit(141) : end(error)));
}
