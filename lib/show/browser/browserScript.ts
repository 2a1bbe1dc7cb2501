/** This library's own code for a browser, in one script: what Node does for it is done by the files of `platform`. */
import { builtinModules } from "node:module";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import { projectRoot } from "../../base/files";

const here = (name: string): string => path.join(projectRoot, "lib/show/browser/platform", name);

const standIns: Readonly<Record<string, string>> = {
  "lib/base/deadline.ts": here("deadline.ts"),
  "lib/base/hash.ts": here("hash.ts"),
  "lib/base/notice.ts": here("notice.ts"),
  "lib/base/progress.ts": here("progress.ts"),
  "lib/engine/memory.ts": here("memory.ts"),
};

/** Puts them in place, and refuses what else of ours would need Node. */
const forBrowser: Plugin = {
  name: "browser",
  setup(to) {
    to.onResolve({ filter: /^\.\.?\// }, ({ path: wanted, resolveDir, importer }) => {
      const file = `${path.relative(projectRoot, path.resolve(resolveDir, wanted)).replaceAll(path.sep, "/")}.ts`;
      const standIn = standIns[file];
      return standIn && importer !== standIn ? { path: standIn } : undefined;
    });
    to.onResolve({ filter: /^(node:|[a-z_/]+$)/ }, ({ path: wanted, importer }) => {
      const needsNode = wanted.startsWith("node:") || builtinModules.includes(wanted);
      if (!needsNode || importer.includes("node_modules")) return undefined; // packages say themselves what to do
      return { errors: [{ text: `${path.relative(projectRoot, importer)} needs ${wanted}, which no browser has` }] };
    });
  },
};

/** @param entry file from the project's root @throws Error for code that needs Node */
export async function browserScript(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(projectRoot, entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    format: "iife",
    platform: "browser",
    target: ["chrome100", "firefox113", "safari16.4"],
    alias: { "@tensorflow/tfjs": here("tensorflow.ts") },
    plugins: [forBrowser],
    legalComments: "eof", // licences of packages
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
