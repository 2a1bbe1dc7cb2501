// Runs the command line in the test's own process, one at a time, where what a verb answers and leaves is asked for: a
// process takes a second to start. Every verb also runs in one of its own somewhere (process.ts).
import { setProgressRenderer } from "../../lib/base/progress";
import { runCommand } from "../../lib/cli/main";
import { listen } from "../../lib/cli/options/flags";
import { refuseBy, succeedBy, type Ended, type Env } from "./process";

setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));

/** `mask-dpo ...args`, on the engine of this process. */
export async function run(args: readonly string[], env: Env = {}): Promise<Ended> {
  const said = { stdout: "", stderr: "" };
  const outer = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  setEnv(env);
  const before = listen({
    out: (text) => {
      said.stdout += text;
    },
    err: (text) => {
      said.stderr += text;
    },
  });
  try {
    const code = await runCommand(args);
    return { code, signal: null, ...said };
  } finally {
    listen(before);
    setEnv(outer);
  }
}

function setEnv(env: Env): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

export const succeed = succeedBy(run);
export const refuse = refuseBy(run);
