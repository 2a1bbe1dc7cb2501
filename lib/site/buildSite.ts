/** The site: a folder that any file server, or a file manager, opens. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { sum } from "../base/collections";
import { projectRoot, writeFileAtomic } from "../base/files";
import { openSession } from "../lab/session";
import type { PreferencePair } from "../preference/pair";
import { styleSheet } from "../show/palette";
import { contentHash, withPush } from "../steps/inspect/contentOf";
import { inspectPage } from "../steps/inspect/inspectPage";
import { writeApiPages } from "./apiPages";
import { tabSize } from "./atlas/size";
import { writeAtlasPage } from "./atlasPage";
import { writeDocuments } from "./documents";
import { writeFigures } from "./figures";
import { writeNotebookPages } from "./notebookPages";
import { alignedFolder, baseFolder } from "./packAtlas";
import { sitePage } from "./shell";
import { writeStory } from "./story";
import { siteRun, type SiteRun } from "./tokenTrack";

/** Says that a folder is a site of ours, which the next one may replace. */
const marker = ".mask-dpo-site";

/** The whole site. */
const mostBytes = 15e6;

/**
 * Writes the whole site; what an earlier one left in the folder goes.
 * @returns how many bytes it has
 * @throws UserError for a folder that holds something else @throws Error for a site that is too large
 */
export async function buildSite(out: string): Promise<number> {
  checkFolder(out);
  const run = await siteRun(await openSession(), tabSize);
  rmSync(out, { recursive: true, force: true });
  await writePages(out, run);
  await writeApiPages(out);
  const bytes = bytesIn(out);
  if (bytes > mostBytes) throw new Error(`site: expected at most ${mostBytes} bytes, got ${bytes}`);
  return bytes;
}

/** All but the API's pages, which take typedoc longer than all others. */
export async function writePages(out: string, { track, pairs }: SiteRun): Promise<void> {
  writeFileAtomic(path.join(out, marker), "");
  writeFileAtomic(path.join(out, ".nojekyll"), ""); // GitHub Pages takes the folder as it is
  writeStyle(out);
  await writeAtlasPage(out, track);
  await writeInspector(out, pairs);
  writeFigures(out);
  writeNotebookPages(out);
  writeDocuments(out, ["CONTRIBUTING.md", "CHANGELOG.md"]);
  writeStory(out);
}

export function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => path.join(folder, name));
  return sum(files.map((file) => (statSync(file).isFile() ? statSync(file).size : 0)));
}

function checkFolder(out: string): void {
  if (!existsSync(out) || existsSync(path.join(out, marker)) || readdirSync(out).length === 0) return;
  throw new UserError({
    where: out,
    expected: "an empty folder, or a site that was written before",
    got: "other files",
    fix: "Choose another --out.",
  });
}

/** The inspector fills its window, so it has one of its own below the navigation. Its policy is the aligned one. */
async function writeInspector(out: string, pairs: readonly PreferencePair[]): Promise<void> {
  const content = {
    hash: contentHash(pairs),
    file: "pairs.jsonl",
    seed: 1,
    mask: "paper",
    policies: true,
    pairs: await withPush(baseFolder, baseFolder, pairs, alignedFolder),
  } as const;
  writeFileAtomic(path.join(out, "pairs.html"), await inspectPage(content));
  const main = `<h1 class="hidden">Inspector</h1>\n<iframe title="Preference pairs" src="pairs.html"></iframe>`;
  const page = { title: "Inspector", path: "inspector.html", part: "inspector.html", main, framing: true } as const;
  writeFileAtomic(path.join(out, page.path), sitePage(page));
}

function writeStyle(out: string): void {
  const style = readFileSync(path.join(projectRoot, "lib/site/site.css"), "utf8");
  writeFileAtomic(path.join(out, "site.css"), styleSheet(style));
}
