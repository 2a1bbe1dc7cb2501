/**
 * `node test/cli/askHere.mjs URL ...args`: has the process of a test (serveHere.ts) run a command line, and prints what
 * it printed.
 */
const [, , url = "", ...args] = process.argv;
const reply = await fetch(url, { method: "POST", body: JSON.stringify({ args, cwd: process.cwd() }) });
/** @type {unknown} */
const ended = await reply.json();
const { code, stdout, stderr } = /** @type {import("./process").Ended} */ (ended);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code ?? 1;
