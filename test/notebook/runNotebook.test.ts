/** The kernel and the headless runner, end to end: what tslab loses or hides, and how a run ends. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { projectRoot } from "../../lib/base/files";
import type { RunEvent } from "../../lib/notebook/reporter";
import { runNotebook, type RunOptions } from "../../lib/notebook/runNotebook";
import { plainTexts, printed, readCells, scratchFolder, writeNotebook } from "./scratch";

const folder = scratchFolder();
const quiet: RunOptions = { onProgress: () => undefined, timeoutS: 60 };

/** Runs cells that must fail. @returns the error's message and the cells kept */
async function failing(name: string, cells: string[], options: RunOptions = {}) {
  const file = writeNotebook(folder, name, cells);
  const before = readFileSync(file, "utf8");
  const error = await runNotebook(file, { ...quiet, ...options }).then(
    () => assert.fail("the run succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(readFileSync(file, "utf8"), before, "the notebook itself is unchanged");
  return { message: error.message, cells: readCells(path.join(folder, `${name}.failed.ipynb`)) };
}

const GOOD = [
  `import { Rng } from "./lib/base/rng";
import { startProgress } from "./lib/base/progress";
import { show, showLive } from "./lib/show/display";
for (let i = 0; i < 20000; i++) console.log("line", i);`,
  `const rng = new Rng("seed");
console.log(process.cwd());
await new Promise<void>((resolve) => process.stdout.write("called back\\n", () => resolve()));
rng.next()`,
  `show({ text: "plain", html: "<b>rich</b>", svg: "<svg/>", png: new Uint8Array([1, 2, 3]), json: { a: 1 } });
const live = showLive("first");
live.update({ text: "second", html: "<i>second</i>" });`,
  `const progress = startProgress("work", 3);
for (let i = 1; i <= 3; i++) { progress.update(i, "note"); await new Promise((f) => setTimeout(f, 250)); }
progress.stop();
const halted = startProgress("other work", 3);
halted.update(1);
halted.stop();`,
  `const three = await (Promise.resolve(3));
for await (const n of [Promise.resolve(1)]) console.log("awaited", n + three);
const again = (await import("./lib/base/rng")).Rng;
const [floats, error] = [new Float32Array(1), new Error("x")];
[rng instanceof Rng, again === Rng, floats instanceof Float32Array, error instanceof Error].join()`,
  `process.stdout.write("1 %\\r"); process.stdout.write("2 %\\n"); console.error("to stderr");`,
  `for (let i = 0; i < 2000; i++) show("output " + i);`,
];

test("a run delivers every output, and a second run gives the same bytes", async (t) => {
  const file = writeNotebook(folder, "good", GOOD);
  const events: RunEvent[] = [];
  const out = path.join(folder, "good-out.ipynb");
  assert.equal(await runNotebook(file, { ...quiet, out, onProgress: (event) => events.push(event) }), out);
  const cells = readCells(out);
  await t.test("20,000 printed lines, all and in order", () => {
    assert.equal(printed(cells[0]), Array.from({ length: 20000 }, (_, i) => `line ${i}\n`).join(""));
  });
  await t.test("the working folder is the project root, and write calls back", () => {
    assert.equal(printed(cells[1]), `${projectRoot}\ncalled back\n`);
    assert.equal(cells[1]!.outputs.at(-1)!.output_type, "execute_result");
  });
  await t.test("one display with several MIME types, updated in place", () => {
    assert.deepEqual(
      cells[2]!.outputs.map(({ data }) => data),
      [
        {
          "application/json": { a: 1 },
          "image/png": "AQID",
          "image/svg+xml": ["<svg/>"],
          "text/html": ["<b>rich</b>"],
          "text/plain": ["plain"],
        },
        { "text/html": ["<i>second</i>"], "text/plain": ["second"] },
      ],
    );
  });
  await t.test("progress reaches the terminal; done it leaves nothing, stopped a line without times", () => {
    assert.deepEqual(plainTexts(cells[3]), ["other work: stopped at 1/3"]);
    assert.equal(cells[3]!.outputs.length, 1);
    const texts = events.flatMap((event) => (event.kind === "progress" ? [event.text] : []));
    assert.ok(
      texts.some((text) => /^work [12]\/3 .*note$/.test(text)),
      texts.join("\n"),
    );
  });
  await t.test("top-level await; modules and classes are the same in every cell", () => {
    assert.equal(printed(cells[4]), "awaited 4\n");
    assert.deepEqual(plainTexts(cells[4]), ["true,true,true,true"]);
  });
  await t.test("carriage returns as in a terminal", () => {
    assert.equal(printed(cells[5]), "2 %\n");
    assert.equal(printed(cells[5], "stderr"), "to stderr\n");
  });
  await t.test("2,000 displays in one go, all and in order", () => {
    assert.deepEqual(
      plainTexts(cells[6]),
      Array.from({ length: 2000 }, (_, i) => `output ${i}`),
    );
  });
  await t.test("canonical form", async () => {
    assert.deepEqual(
      cells.map((cell) => [cell.id, cell.execution_count, Object.keys(cell.metadata).length]),
      GOOD.map((_, i) => [`cell-${i}`, i + 1, 0]),
    );
    const first = readFileSync(out, "utf8");
    await runNotebook(out, quiet);
    assert.equal(readFileSync(out, "utf8"), first);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes(".tmp")),
      [],
    );
  });
});

test("a type error fails the cell with its line: types of lib are seen, strictness is the project's", async () => {
  const { message, cells } = await failing("types", [
    `import { Rng } from "./lib/base/rng";\nconst rng = new Rng(3);`,
    `// a comment\n\nconst n: number = rng.int("five");\nvoid rng;\nconst m: number = [1].find((n) => n > 1);`,
  ]);
  assert.match(message, /types\.ipynb cell 2, line 3 .*rng\.int.*TypeScriptError: Argument of type 'string'/s);
  assert.equal(cells[1]!.outputs.length, 1);
  assert.equal(cells[1]!.outputs[0]!.ename, "TypeScriptError");
  const traceback = cells[1]!.outputs[0]!.traceback!.join("\n");
  assert.match(traceback, /In\[2\] line 3, column 27/);
  assert.match(traceback, /number \| undefined/, "as strict as tsconfig.json");
});

test("a thrown error stops the run at its line; later cells do not run", async () => {
  const { message, cells } = await failing("throws", [
    `function f(x: number): void {\n  interface Local { a: number }\n\n  throw new RangeError("bad " + x);\n}`,
    `console.log("before");\n\nf(3);`,
    `console.log("after");`,
  ]);
  assert.match(message, /cell 2, line 3 \("f\(3\);"\).*RangeError: bad 3/);
  assert.equal(printed(cells[1]), "before\n");
  const error = cells[1]!.outputs.at(-1)!;
  assert.deepEqual([error.ename, error.evalue], ["RangeError", "bad 3"]);
  assert.match(error.traceback!.join("\n"), /In\[1\] line 4[^]*In\[2\]:3:1/);
  assert.deepEqual([cells[2]!.execution_count, cells[2]!.outputs], [null, []]);
});

test("an unhandled rejection fails the cell, also when it surfaces after it", async () => {
  const now = await failing("rejects", [
    `void (async () => { await 1; throw new TypeError("lost"); })();\nconsole.log("fine");`,
  ]);
  assert.match(now.message, /cell 1, line 1 .*TypeError: lost/);
  const late = await failing("rejects-late", [
    `const timer = setTimeout(() => { void Promise.reject(new Error("late")); }, 60);`,
  ]);
  assert.match(late.message, /Error: late/);
});

test("a cell over its time is interrupted, in a loop as well as waiting", async () => {
  const loop = await failing("loops", [`console.log("start");\nfor (;;) {}`], { timeoutS: 1 });
  assert.match(loop.message, /cell 1.* no end after 1 s/);
  assert.equal(printed(loop.cells[0]), "start\n");
  const wait = await failing("waits", [`await new Promise((resolve) => setTimeout(resolve, 60000));`], { timeoutS: 1 });
  assert.match(wait.message, /no end after 1 s/);
});

test("a kernel that dies in a cell is reported, what it printed is kept", async () => {
  const { message, cells } = await failing("dies", [
    `console.log("alive");`,
    `process.kill(process.pid, "SIGKILL");\nawait new Promise((resolve) => setTimeout(resolve, 9000));`,
  ]);
  assert.match(message, /cell 2.*the kernel ended \(SIGKILL\)/);
  assert.equal(printed(cells[0]), "alive\n");
  assert.equal(cells[1]!.outputs.at(-1)!.ename, "KernelDied");
});

test("a file that is no notebook is refused", async () => {
  const file = path.join(folder, "broken.ipynb");
  writeFileSync(file, `{"cells": 3}`);
  await assert.rejects(runNotebook(file, quiet), UserError);
});
