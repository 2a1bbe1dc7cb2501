/**
 * Starts a Chromium without network: $CHROME_PATH first, then the one inside the npm package.
 * It sees one typeface only, and its temporary files, its profile among them, go when it closes; those of a process
 * that was killed, when the next one starts.
 */
import { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type * as Playwright from "playwright-core";
import { isAlive } from "../../base/lock";
import { fontconfig } from "./fonts";
import { bundledChromium } from "./unpack";

/** Packages that only some runs need are loaded at their first use. */
const load = createRequire(__filename);

/** Pixels must not depend on the machine: no GPU, no hinting, no subpixel colours, one colour profile. */
const FLAGS = [
  "--disable-gpu",
  "--font-render-hinting=none",
  "--disable-lcd-text",
  "--force-color-profile=srgb",
  "--hide-scrollbars",
  "--disable-component-update",
  "--disable-quic",
];
const START_MS = 30_000;
/** Of the folder of a browser's temporary files; the number of its process follows. */
const PREFIX = "mask-dpo-chromium-";

/** A running browser; `hold` says whether it keeps this process alive, as it does at first. */
export interface Chromium {
  browser: Playwright.Browser;
  hold: (alive: boolean) => void;
}

/** @returns a running browser, or a line for each one tried that says why it did not start */
export async function launchChromium(): Promise<Chromium | { failures: string[] }> {
  const failures: string[] = [];
  const own = process.env.CHROME_PATH;
  if (own) {
    const started = await start(own, undefined);
    if ("browser" in started) return started;
    failures.push(`CHROME_PATH=${own}: ${started.failure}`);
  }
  const bundled = bundledChromium();
  if ("missing" in bundled) return { failures: [...failures, bundled.missing] };
  const started = await start(bundled.program, bundled.libraries);
  return "browser" in started ? started : { failures: [...failures, `bundled Chromium: ${started.failure}`] };
}

/** With the sandbox where it can be had: never for root, and not on kernels that forbid user namespaces. */
async function start(program: string, libraries: string | undefined): Promise<Chromium | { failure: string }> {
  if (!existsSync(program)) return { failure: "no such file" };
  const { chromium } = load("playwright-core") as typeof Playwright;
  sweep();
  const dir = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  if (temporary.size === 0) process.once("exit", () => temporary.forEach(remove));
  temporary.add(dir);
  const fonts = path.join(dir, "fonts.conf");
  writeFileSync(fonts, fontconfig(path.join(dir, "fontcache")));
  const env = {
    ...process.env,
    FONTCONFIG_FILE: fonts,
    LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
    // memory that its processes share is files there, for a moment each
    TMPDIR: dir,
  };
  let failure = "";
  for (const chromiumSandbox of process.getuid?.() === 0 ? [false] : [true, false]) {
    try {
      const browser = await withTemporary(dir, () =>
        chromium.launch({
          executablePath: program,
          args: FLAGS,
          env: definedOnly(env),
          chromiumSandbox,
          timeout: START_MS,
          // Ctrl-C belongs to the kernel and the command line; the browser ends with this process in any case.
          handleSIGINT: false,
          handleSIGTERM: false,
          handleSIGHUP: false,
        }),
      );
      browser.on("disconnected", () => remove(dir));
      const held = handlesOf(program);
      return { browser, hold: (alive) => held.forEach((handle) => (alive ? handle.ref() : handle.unref())) };
    } catch (error) {
      failure = reason(error);
    }
  }
  remove(dir);
  return { failure };
}

/** Playwright makes the profile in the folder for temporary files, under a name that does not say whose it is. */
async function withTemporary<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const names = ["TMPDIR", "TEMP", "TMP"] as const;
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = dir;
  try {
    return await work();
  } finally {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  }
}

/** A browser whose process was killed, or that was just closed, writes on for a moment. */
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };

/** Folders of this process. */
const temporary = new Set<string>();

function remove(dir: string): void {
  try {
    rmSync(dir, removal);
    temporary.delete(dir);
  } catch {
    // the browser is still writing there: again when this process ends
  }
}

/** Removes what processes that are gone had no time to remove. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? /^\d+(?=-)/.exec(name.slice(PREFIX.length))?.[0] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(path.join(tmpdir(), name), removal);
    } catch {
      // another user's
    }
  }
}

/**
 * What of a child keeps this process alive: itself and its pipes. Playwright does not hand the child out; Node lists
 * it.
 */
function handlesOf(program: string): { ref(): unknown; unref(): unknown }[] {
  const active = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const child = active
    .filter((handle): handle is ChildProcess => handle instanceof ChildProcess && handle.spawnfile === program)
    .at(-1);
  return child ? [child, ...(child.stdio as unknown as (Socket | null)[]).filter((pipe) => pipe !== null)] : [];
}

/** The telling line of a long launch log. */
function reason(error: unknown): string {
  const lines = String((error as Error).message ?? error)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.includes("<launching>"));
  return (
    lines.find((line) => /shared librar|GLIBC|sandbox|ENOENT|EACCES|not found|doesn't exist/i.test(line)) ??
    lines[0] ??
    "unknown"
  ).slice(0, 300);
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
