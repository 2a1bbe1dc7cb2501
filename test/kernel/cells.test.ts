/** One kernel, cell after cell: edited modules, exports, types without a name, and what cells started. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../lib/base/lock";
import { projectRoot } from "../../lib/base/files";
import { KernelClient } from "../../lib/notebook/kernelClient";

/** Ignored by git; what cells import lies in the project. */
const folder = path.join(projectRoot, "mine", `cells-${process.pid}`);
let kernel: KernelClient;
before(async () => {
  mkdirSync(folder, { recursive: true });
  kernel = await KernelClient.start();
});
after(async () => {
  rmSync(folder, { recursive: true });
  await kernel.stop();
});

interface Said {
  value?: string;
  out: string;
  err: string;
  error?: string;
}

/** Runs a cell. */
async function run(code: string, on = kernel): Promise<Said> {
  const said: Said = { out: "", err: "" };
  await on.execute(code, (type, content) => {
    if (type === "stream") said[content.name === "stdout" ? "out" : "err"] += String(content.text);
    if (type === "execute_result") said.value = (content.data as Record<string, string>)["text/plain"];
    if (type === "error") said.error = `${String(content.ename)}: ${String(content.evalue)}`;
  });
  return said;
}
const value = async (code: string): Promise<string | undefined> => {
  const { error, value: found } = await run(code);
  assert.equal(error, undefined, code);
  return found;
};

/** A module of the user's, and how cells import it. */
const file = (name: string): string => path.join(folder, `${name}.ts`);
const write = (name: string, text: string): void => writeFileSync(file(name), text);
const from = (name: string): string => JSON.stringify(path.join(folder, name));

test("an edited module is imported anew, its types too, and so is what imports it", { timeout: 60_000 }, async () => {
  write("helper", "export const unit = 1;\n");
  write(
    "middle",
    `import { unit } from "./helper";\nexport const doubled = 2 * unit;\nexport let count = 0;\ncount++;\n`,
  );
  write("apart", "export const once = { at: process.hrtime.bigint() };\n");
  const cell = `import { unit } from ${from("helper")};\nimport { doubled } from ${from("middle")};\nunit + doubled`;
  const apart = `import { once } from ${from("apart")};\nString(once.at)`;
  assert.equal(await value(cell), "3");
  const loaded = await value(apart);
  write("helper", "export const unit = 10;\nexport const extra: string[] = [];\n");
  assert.equal(await value(cell), "30");
  assert.equal(await value(`import { extra } from ${from("helper")};\nextra.length`), "0");
  assert.equal(await value(apart), loaded, "what was not edited stays as it is");
  write("helper", 'export const unit = "ten";\n');
  const typed = `import { unit } from ${from("helper")};\nconst n: number = unit;`;
  assert.match((await run(typed)).error ?? "", /TypeScriptError: .*string/);
  write("helper", "export const unit = 100;\n");
  assert.equal(await value(`const later = await import(${from("helper")});\nlater.unit`), "100");
  writeFileSync(`${file("helper")}.next`, "export const unit = 1000;\n");
  renameSync(`${file("helper")}.next`, file("helper")); // as editors save
  assert.equal(await value(cell), "3000");
});

test("a module that was not there, or is there no more", { timeout: 60_000 }, async () => {
  const cell = `import { found } from ${from("late")};\nfound`;
  assert.match((await run(cell)).error ?? "", /late/);
  write("late", "export const found = 5;\n");
  assert.equal(await value(cell), "5");
  rmSync(file("late"));
  assert.match((await run(`import { found } from ${from("late")};\nfound + 1`)).error ?? "", /late/);
});

test("cells may export, and every form of it leaves a name for later cells", { timeout: 60_000 }, async () => {
  write("names", "export const a = 1, b = 2;\nexport type T = number;\n");
  const forms: [cell: string, later: string, value: string][] = [
    ["export const y = 1;\ny", "y + 1", "2"],
    ["export  function f(n: number) { return n; }", "f(3)", "3"],
    ["export default class Box { side = 4; }", "new Box().side", "4"],
    ["export interface Shape { side: number }\nexport type Alias = Shape;", "({ side: 5 } satisfies Alias).side", "5"],
    ["const p = 6, q = 7;\nexport { p, q };", "p + q", "13"],
    [`export { a, b as bee } from ${from("names")};`, "a + bee", "3"],
    [`export * as names from ${from("names")};`, "names.a", "1"],
    ["export enum Colour { Red = 8 }\nexport async function g() { return 9; }", "Colour.Red + (await g())", "17"],
    ["export default 2 * 5;", "y", "1"],
    ['const text = "export const z = 1;"; // export const z = 2;\ntext', "text.length", "19"],
  ];
  for (const [cell, later, result] of forms) {
    const { error } = await run(cell);
    assert.equal(error, undefined, cell);
    assert.equal(await value(later), result, cell);
  }
  assert.equal(await value("export const last = 11;\nlast"), "11");
  const { error } = await run("export const wrong: number = 'x';");
  assert.match(error ?? "", /^TypeScriptError: Type 'string' is not assignable/);
});

test(
  "values whose types have no name run, keep their members, and are checked all the same",
  { timeout: 60_000 },
  async () => {
    const cells = [
      ["const tokenizers = await import('@huggingface/tokenizers');\ntypeof tokenizers.Tokenizer", "'function'"],
      ["const parquet = await import('hyparquet');\nObject.keys(parquet).length > 3", "true"],
      ["const mixed = class { private secret = 1; open = 2; };\nnew mixed().open", "2"],
      ["const make = () => { class Local { n = 3 } return new Local(); };\nconst local = make();\nlocal.n", "3"],
      ["const key = Symbol('k');\nconst keyed = { [key]: 4 };\nkeyed[key]", "4"],
    ];
    for (const [cell, result] of cells) assert.equal(await value(cell!), result!.replaceAll("'", ""), cell);
    assert.equal(await value("typeof tokenizers.Tokenizer + new mixed().open + local.n"), "function23");
    assert.match((await run("const n: number = local.n.length;")).error ?? "", /^TypeScriptError/);
  },
);

test("a shorthand property reads and assigns names of earlier cells", { timeout: 60_000 }, async () => {
  await value("const early = 3;\nlet late = 0;\nlate");
  assert.equal(await value("const held = { early, Math };\nheld.early + held.Math.sign(5)"), "4");
  assert.equal(await value("({ late } = { late: 5 });\nlate"), "5");
  assert.equal(await value("({ late = 7 } = {} as { late?: number });\nlate"), "7");
});

test("elements of arrays are taken to be there, while the rest stays strict", { timeout: 60_000 }, async () => {
  assert.equal(
    await value('const xs = [1, 2];\nconst ages: Record<string, number> = { a: 3 };\nxs[0] + ages["a"]'),
    "4",
  );
  assert.match((await run("xs.find((x) => x > 1) + 1")).error ?? "", /TypeScriptError: .*undefined/);
});

test("cells show values as these say, and clear what they showed", { timeout: 60_000 }, async () => {
  const said: unknown[] = [];
  await kernel.execute(
    `console.log("gone");
console.clear();
({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>" }) })`,
    (type, content) => said.push([type, content.data ?? content.wait]),
  );
  assert.deepEqual(said.slice(-2), [
    ["clear_output", false],
    ["execute_result", { "text/html": "<b>" }],
  ]);
  const { error } = await run(`({ [Symbol.for("Jupyter.display")]() { throw new Error("not to be shown"); } })`);
  assert.equal(error, "Error: not to be shown");
});

test("where nobody can be asked, a question says so", { timeout: 60_000 }, async () => {
  assert.match((await run('prompt("Name?")')).error ?? "", /^UserError: prompt: expected a front end that asks/);
});

/** Not only waits for somebody to ask how it ended. */
function runs(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return isAlive(pid) && !(existsSync(status) && /^State:\s+Z/m.test(readFileSync(status, "utf8")));
}

test("what a cell started ends with the kernel, and what that started too", { timeout: 60_000 }, async (t) => {
  if (process.platform === "win32") return t.skip("processes have no groups");
  for (const end of ["stop", "exit"] as const) {
    const other = await KernelClient.start();
    const { out } = await run(
      `import { spawn } from "node:child_process";
      const child = spawn("sh", ["-c", "trap '' TERM; sleep 300 & echo $!; wait"]);
      const said = await new Promise((resolve) => child.stdout.once("data", resolve));
      console.log(child.pid, String(said));`,
      other,
    );
    const pids = out.trim().split(/\s+/).map(Number);
    assert.equal(pids.length, 2, out);
    assert.ok(pids.every(runs));
    if (end === "exit") await run("setTimeout(() => process.exit(0), 10);", other).catch(() => undefined);
    await (end === "exit" ? sleep(300) : other.stop());
    for (let tries = 0; tries < 50 && pids.some(runs); tries++) await sleep(20);
    assert.deepEqual(pids.map(runs), [false, false], end);
    await other.stop();
  }
});
