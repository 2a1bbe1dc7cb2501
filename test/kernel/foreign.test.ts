/** Folders of strangers: neither the kernel nor the command line runs, or is led by, what lies in them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { scratch } from "../golden/fixtures";

/** A folder that says it is this project, with a kernel of its own, which leaves a file. */
function stranger(t: TestContext): { folder: string; notebooks: string; ran: () => boolean } {
  const folder = path.join(realpathSync(scratch(t)), "downloaded");
  const notebooks = path.join(folder, "notebooks");
  const mark = path.join(folder, "ran");
  for (const made of ["notebooks", "node_modules", "lib/kernel"])
    mkdirSync(path.join(folder, made), { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{"name":"mask-dpo-lab"}');
  const kernel = `import fs from "node:fs"; fs.writeFileSync(${JSON.stringify(mark)}, ""); process.exit(9);`;
  writeFileSync(path.join(folder, "lib/kernel/kernel.mjs"), kernel);
  return { folder, notebooks, ran: () => existsSync(mark) };
}

/** Our kernel, started in a folder, with the clones that the user set up; it ends for want of a connection file. */
function startKernel(cwd: string, clones: string, cache: string) {
  mkdirSync(path.join(cache, "mask-dpo-lab"), { recursive: true });
  writeFileSync(path.join(cache, "mask-dpo-lab/clones.json"), clones);
  return spawnSync(process.execPath, [path.join(projectRoot, "lib/kernel/kernel.mjs"), path.join(cache, "none.json")], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: cache },
  });
}

test(
  "opening a notebook does not run the kernel of a folder that only says it is a clone",
  { timeout: 60_000 },
  (t) => {
    const { folder, notebooks, ran } = stranger(t);
    const cache = scratch(t);
    for (const clones of ["[]", '["/elsewhere"]', "not json", JSON.stringify({ clones: [folder] })]) {
      const { stderr } = startKernel(notebooks, clones, cache);
      assert.match(stderr, /kernel: .+downloaded is not run, since `npm run setup` was not/);
      assert.ok(!ran(), clones);
    }
    const link = path.join(scratch(t), "link");
    symlinkSync(folder, link, "junction");
    assert.equal(
      startKernel(path.join(link, "notebooks"), JSON.stringify([folder]), cache).status,
      9,
      "a clone of ours",
    );
    assert.ok(ran());
  },
);

test("a damaged package.json above a notebook is nobody's", { timeout: 30_000 }, (t) => {
  const { folder, notebooks } = stranger(t);
  for (const text of ["{ not json", "null"]) {
    writeFileSync(path.join(folder, "package.json"), text);
    assert.match(startKernel(notebooks, "[]", scratch(t)).stderr, /ENOENT.+none\.json/);
  }
});

test("the command line takes no aliases from the folder it is started in", { timeout: 30_000 }, (t) => {
  const { folder } = stranger(t);
  const other = path.join(folder, "other.ts");
  writeFileSync(other, 'console.log("a stranger\'s code"); export class Command {}; export const z = 1;');
  const paths = Object.fromEntries(["commander", "zod", "tslab", "@tensorflow/*"].map((name) => [name, [other]]));
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }));
  const version = [path.join(projectRoot, "lib/cli/mask-dpo.mjs"), "--version"];
  for (const env of [process.env, { ...process.env, TSX_TSCONFIG_PATH: path.join(folder, "tsconfig.json") }]) {
    const { stdout, stderr } = spawnSync(process.execPath, version, { cwd: folder, encoding: "utf8", env });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/, stderr);
  }
});
