/** One file from the network: resumed where an earlier try stopped, and there under its name only when it is right. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../base/check";
import { sha256File } from "../../base/hash";
import { startProgress } from "../../base/progress";
import { routeTo } from "../../server/proxy";

/** What a file must be: by the hash of its bytes, or by git's name for it. */
export type Digest = { sha256: string } | { gitSha1: string };

export interface Download {
  file: string;
  bytes: number;
  digest: Digest;
  /** Asks for the bytes from one on. @throws Refused where asking again is no use */
  open: (from: number) => Promise<Opened>;
}

export interface Opened {
  stream: ReadableStream<Uint8Array>;
  /** The byte it begins with: 0 where it could not be asked for less. */
  from: number;
}

/** An answer that will be the same next time. */
export class Refused extends Error {
  override name = "Refused";
}

/** As `fetch`, through the proxy where one is named. */
export const request: typeof fetch = async (input, init = {}) => {
  const url = input instanceof Request ? input.url : String(input);
  const { send } = await routeTo(url);
  return send(url, init);
};

/** Tries in a row that bring nothing. */
const mostTries = 5;
const firstWaitMs = 200;

/** @throws UserError naming the file when it does not come, or comes as another one */
export async function download({ file, bytes, digest, open }: Download): Promise<void> {
  if (existsSync(file)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const part = `${file}.part`;
  const resumed = sizeOf(part) > 0;
  const arrives = async (): Promise<boolean> => {
    await complete(part, bytes, open, path.basename(file));
    if (isRight(part, digest)) return true;
    rmSync(part);
    return false;
  };
  // what an earlier try left may have been of another file
  if (!(await arrives()) && !(resumed && (await arrives())))
    throw new UserError({
      where: path.basename(file),
      expected: `the file with ${"sha256" in digest ? `sha256 ${digest.sha256}` : `git hash ${digest.gitSha1}`}`,
      got: "another",
      fix: "It was changed on its way; try again, or by another network.",
    });
  renameSync(part, file);
}

async function complete(part: string, bytes: number, open: Download["open"], name: string): Promise<void> {
  if (sizeOf(part) > bytes) rmSync(part);
  const progress = startProgress(`fetching ${name} (kB)`, Math.ceil(bytes / 1000), Math.floor(sizeOf(part) / 1000));
  try {
    for (let tries = 0; sizeOf(part) < bytes;) {
      const had = sizeOf(part);
      try {
        await append(part, bytes, await open(had), (size) => progress.update(Math.ceil(size / 1000)));
        if (sizeOf(part) < bytes) throw new Error(`the connection ended after ${sizeOf(part)} of ${bytes} bytes`);
      } catch (error) {
        tries = sizeOf(part) > had ? 0 : tries + 1;
        if (error instanceof Refused || tries === mostTries) throw failed(name, error);
        await sleep(firstWaitMs * 2 ** tries);
      }
    }
    if (bytes === 0) closeSync(openSync(part, "a"));
  } finally {
    progress.stop();
  }
}

async function append(
  part: string,
  bytes: number,
  { stream, from }: Opened,
  update: (size: number) => void,
): Promise<void> {
  const fd = openSync(part, "a");
  const reader = stream.getReader();
  try {
    ftruncateSync(fd, from);
    for (let size = from; size < bytes;) {
      const { value, done: ended } = await reader.read();
      if (ended) return;
      const kept = value.subarray(0, bytes - size); // of more than there should be, the hash tells
      for (let done = 0; done < kept.length;) done += writeSync(fd, kept, done);
      size += kept.length;
      update(size);
    }
  } finally {
    closeSync(fd);
    await reader.cancel().catch(() => undefined); // it may have failed, which was said
  }
}

export function isRight(file: string, digest: Digest): boolean {
  if ("sha256" in digest) return sha256File(file) === digest.sha256;
  const content = readFileSync(file); // git has hashes of its own only for small files
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex") === digest.gitSha1;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function failed(name: string, error: unknown): UserError {
  return new UserError({
    where: name,
    expected: "a file that can be fetched",
    got: reason(error),
    fix: "Check the network and run the same command again: it goes on from where it stopped.",
  });
}

/** What went wrong with a request, in words: fetch itself says no more than that it failed. */
export function reason(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  if (!(cause instanceof Error)) return message;
  return `${message} (${(cause as NodeJS.ErrnoException).code ?? cause.message})`;
}
