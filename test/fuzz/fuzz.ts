/**
 * `npm run fuzz -- [--seconds 60] [--seed …] [--only tokenizer]`: gives every reader spoilt files, and says of each
 * that ended otherwise than well or with a message for users. The same seed spoils the same files in the same way.
 */
import { rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzzer";
import { targets } from "./targets";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string" },
      only: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  const seed = values.seed ?? String(Date.now());
  const names = targets.map(({ name }) => name).filter((name) => name.includes(values.only));
  const isWrong = names.length === 0 || !(Number(values.seconds) > 0);
  if (values.help || isWrong) {
    const known = targets.map(({ name }) => name).join(", ");
    process.stdout.write(`npm run fuzz -- [--seconds 60] [--seed TEXT] [--only PART OF A NAME]\nof: ${known}\n`);
    process.exitCode = isWrong ? 1 : 0;
    return;
  }
  process.stdout.write(`fuzz: seed ${seed}, ${values.seconds} s, ${names.length} readers\n`);
  const keep = path.join(os.tmpdir(), `mask-dpo-fuzz-kept-${seed}`);
  rmSync(keep, { recursive: true, force: true });
  const end = Date.now() + 1000 * Number(values.seconds);
  const { findings, cases } = await fuzz({
    targets: path.join(__dirname, "targets.ts"),
    names,
    seed,
    keep,
    more: () => Date.now() < end,
  });
  for (const { target, number, file, wrong } of findings)
    process.stdout.write(`\n${target}, case ${number} of seed ${seed}: ${file}\n${wrong}\n`);
  process.stdout.write(`\nfuzz: ${cases} cases, ${findings.length} that ended wrongly; seed ${seed}\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
void main();
