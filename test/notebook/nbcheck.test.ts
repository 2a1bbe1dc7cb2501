/** The strict check of notebooks: cells see each other, errors name notebook, cell, line and column. */
import assert from "node:assert/strict";
import test from "node:test";
import { formatNotebookError, nbcheck } from "../../lib/notebook/nbcheck";
import { scratchFolder, writeNotebook } from "./scratch";

test("errors are placed in their cells; a clean notebook has none", () => {
  const folder = scratchFolder();
  const clean = writeNotebook(folder, "clean", [
    `import { Rng } from "./lib/base/rng";`,
    `const rng = new Rng(1);\nfor await (const n of [1]) console.log(n);`,
    `rng.next()`,
  ]);
  const wrong = writeNotebook(folder, "wrong", [
    `import { Rng } from "./lib/base/rng";`,
    "",
    `const rng = new Rng(1);\n\nrng.int("five");`,
    `const list = [1];\nlist.find((n) => n > 1).toFixed();\nlist[0].toFixed();`,
  ]);
  const errors = nbcheck([clean, wrong]);
  assert.deepEqual(
    errors.map(({ notebook, cell, line, column }) => ({ notebook, cell, line, column })),
    [
      { notebook: wrong, cell: 2, line: 3, column: 9 },
      { notebook: wrong, cell: 3, line: 2, column: 1 },
    ],
  );
  assert.equal(
    formatNotebookError(errors[0]!),
    `${wrong}:cell 2:3:9 TS2345 Argument of type 'string' is not assignable to parameter of type 'number'.`,
  );
  assert.match(errors[1]!.message, /TS2532/);
});
