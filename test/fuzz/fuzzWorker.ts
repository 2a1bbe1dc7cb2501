/** A process that reads spoilt files, so that one that hangs, or takes all memory, can be ended from outside. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../lib/base/check";
import { Rng } from "../../lib/base/rng";
import { mutate } from "./mutate";
import type { Outcome, Target } from "./target";

/** More than any of these files asks for. */
const mostBytes = 400e6;

export interface Batch {
  target: string;
  seed: string;
  from: number;
  count: number;
  /** where its files may be */
  folder: string;
}

const { targets } = require(process.argv[2]!) as { targets: readonly Target[] };
let goOn = (): void => undefined;
process.on("message", (said: Batch | "kept") => {
  if (said === "kept") goOn();
  else void run(said).then(() => process.send!("done"));
});
const strays: unknown[] = [];
process.on("unhandledRejection", (error) => strays.push(error));

/** Says of each case what file it is about to read, and what came of it. */
async function run({ target: name, seed, from, count, folder }: Batch): Promise<void> {
  const target = targets.find((one) => one.name === name)!;
  const dir = mkdtempSync(path.join(folder, "case-"));
  try {
    target.prepare(dir);
    const good = new Map(Object.keys(target.files).map((file) => [file, readFileSync(path.join(dir, file))]));
    for (let number = from; number < from + count; number++) {
      const rng = new Rng(seed).fork(name).fork(number);
      const file = rng.pick(Object.keys(target.files));
      const place = path.join(dir, file);
      writeFileSync(place, mutate(good.get(file)!, target.files[file]!, target.words ?? [], rng));
      const outcome: Outcome = { target: name, number, file: place };
      process.send!({ ...outcome, begun: true });
      const wrong = await wrongWith(target, dir);
      if (wrong)
        await new Promise<void>((resolve) => {
          goOn = resolve; // when the file is kept
          process.send!({ ...outcome, wrong });
        });
      writeFileSync(place, good.get(file)!);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Whether it ended otherwise than well or with a message for users. */
async function wrongWith(target: Target, dir: string): Promise<string | undefined> {
  const before = process.memoryUsage().rss;
  let wrong: string | undefined;
  try {
    await target.read(dir);
  } catch (error) {
    wrong = fault(error);
  }
  await new Promise(setImmediate);
  const stray = strays.splice(0)[0];
  if (stray !== undefined) wrong ??= `a rejection that nobody handled: ${fault(stray) ?? "for users"}`;
  const more = process.memoryUsage().rss - before;
  return wrong ?? (more > mostBytes ? `${(more / 1e6).toFixed(0)} MB of memory` : undefined);
}

function fault(error: unknown): string | undefined {
  if (!(error instanceof UserError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { message } = error;
  return message.length > 3000 || /\n\s+at /.test(message) ? `a message of ${message.length} characters` : undefined;
}
