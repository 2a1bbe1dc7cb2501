/** The page "Atlas in the browser": its folder of scripts, which a file can open as well as a server can serve. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot, writeFileAtomic } from "../base/files";
import { scriptJson } from "../show/markup";
import type { TokenTrack } from "./atlas/track";
import { browserScript } from "../show/browser/browserScript";
import { packAtlas } from "./packAtlas";
import { sitePage } from "./shell";

/** @param out the site's folder */
export async function writeAtlasPage(out: string, track: TokenTrack): Promise<void> {
  const scripts = {
    "data.js": global("maskDpoAtlas", packAtlas()),
    "track.js": global("maskDpoTrack", track),
    "worker.js": global("maskDpoWorker", await browserScript("lib/site/atlas/worker.ts")),
    "main.js": await browserScript("lib/site/atlas/page/main.ts"),
  };
  for (const [name, text] of Object.entries(scripts)) writeFileAtomic(path.join(out, "atlas", name), text);
  const page = sitePage({
    title: "Atlas in the browser",
    path: "atlas/index.html",
    part: "atlas/index.html",
    main: readFileSync(path.join(projectRoot, "lib/site/atlas/page.html"), "utf8"),
    scripts: Object.keys(scripts),
  });
  writeFileAtomic(path.join(out, "atlas/index.html"), page);
}

function global(name: string, value: unknown): string {
  return `globalThis.${name} = ${scriptJson(value)};\n`;
}
