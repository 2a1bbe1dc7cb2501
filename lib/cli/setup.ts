/** `mask-dpo setup` and `doctor`: what a machine needs, and whether it computes rightly. */
import path from "node:path";
import type { Command } from "commander";
import { projectRoot } from "../base/files";
import { diagnose } from "../steps/doctor/doctor";
import { answer, json } from "./options/flags";

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
    .addOption(json())
    .action(async ({ json }: { json?: boolean }) => {
      const { facts, checks } = await diagnose();
      answer(json, { facts: Object.fromEntries(facts), checks }, () =>
        [
          ...facts.map(([name, value]) => `${name.padEnd(20)} ${value}`),
          ...checks.map(({ name, ok, detail }) => `${ok ? "ok    " : "FAILED"} ${name}: ${detail}`),
        ].join("\n"),
      );
      if (!checks.every(({ ok }) => ok)) process.exitCode = 1;
    });
}
