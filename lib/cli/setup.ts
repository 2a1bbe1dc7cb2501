/** `mask-dpo setup` and `doctor`: what a machine needs, and whether it computes rightly. */
import path from "node:path";
import type { Command } from "commander";
import { projectRoot } from "../base/files";
import { diagnose } from "../steps/doctor/doctor";
import { say } from "./flags";

export function addSetupCommands(program: Command): void {
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
}
