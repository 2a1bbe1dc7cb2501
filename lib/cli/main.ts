/**
 * The command line: `npx mask-dpo <verb> --help`. Verbs read and write JSONL files, so that every step can be redone on
 * one's own.
 */
import { explain } from "./explain";
import { createProgram } from "./program";

let output: string | undefined; // what the running verb writes
const program = createProgram().hook("preAction", (_program, verb) => {
  output = verb.opts<{ out?: string }>().out;
});

process.on("SIGINT", () => {
  process.stderr.write("\ninterrupted: what was done is kept; run the same command again to go on\n");
  process.exit(130);
});

program.parseAsync().catch((error: Error) => {
  process.exitCode = error.name === "RunInterrupted" ? 130 : 1;
  process.stderr.write(`mask-dpo: ${explain(error, output)}\n`);
});
