/**
 * The kernel under a real Jupyter: nbclient runs a notebook through the kernelspec that the set-up wrote.
 * Needs a Python with nbclient ($JUPYTER_PYTHON, python3 or python); skipped where there is none.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { projectRoot } from "../../lib/base/files";
import { printed, readCells, scratchFolder, writeNotebook } from "./scratch";

const python = [process.env.JUPYTER_PYTHON, "python3", "python"].find(
  (name) => name && spawnSync(name, ["-c", "import nbclient, nbformat"]).status === 0,
);
const spec = path.join(projectRoot, "node_modules/.mask-dpo-jupyter");
const skip = !python
  ? "no Python with nbclient (pip install nbclient, or set JUPYTER_PYTHON)"
  : !existsSync(spec) && "no kernelspec yet (npm run setup)";

const SCRIPT = `
import sys, nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
source, out = sys.argv[1:3]
nb = nbformat.read(source, as_version=4)
client = NotebookClient(nb, timeout=120, kernel_name="mask-dpo", resources={"metadata": {"path": sys.argv[3]}})
try:
    client.execute()
except CellExecutionError as error:
    print(error.ename, error.evalue, sep="|")
nbformat.validate(nb)
nbformat.write(nb, out)
`;

/** @returns what the client said, and the executed cells */
function execute(folder: string, name: string, cells: string[]) {
  const script = path.join(folder, "execute.py");
  const out = path.join(folder, `${name}-out.ipynb`);
  // The kernel finds the project of the notebook's folder; far from any, it uses its own.
  const cwd = path.join(folder, "elsewhere");
  mkdirSync(cwd, { recursive: true });
  writeFileSync(script, SCRIPT);
  const data = path.join(folder, "jupyter");
  cpSync(spec, data, { recursive: true });
  const result = spawnSync(python!, [script, writeNotebook(folder, name, cells), out, cwd], {
    encoding: "utf8",
    env: { ...process.env, JUPYTER_PATH: data },
  });
  assert.equal(result.status, 0, result.stderr);
  return { said: result.stdout.trim(), cells: readCells(out) };
}

test("nbclient gets every line, rich output, values and progress", { skip }, () => {
  const { said, cells } = execute(scratchFolder(), "rich", [
    `for (let i = 0; i < 5000; i++) console.log("line", i);`,
    `import { show } from "./lib/show/display";
import { startProgress } from "./lib/base/progress";
show({ text: "plain", html: "<b>rich</b>" });
const p = startProgress("work", 2);
p.update(2);
p.stop();
process.cwd()`,
  ]);
  assert.equal(said, "");
  assert.equal(printed(cells[0]), Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(""));
  const [shown, progress, value] = cells[1]!.outputs.map(({ data }) => data!);
  assert.deepEqual(progress, {}, "done, it leaves nothing");
  assert.deepEqual(
    [shown, value].map((data) => data!["text/plain"]),
    [["plain"], [projectRoot]],
  );
  assert.deepEqual(Object.keys(cells[1]!.outputs[0]!.data!).sort(), ["text/html", "text/plain"]);
});

test("nbclient sees a type error and a rejection as errors", { skip }, () => {
  const folder = scratchFolder();
  assert.match(
    execute(folder, "types", [`const n: number = "x";`]).said,
    /^TypeScriptError\|Type 'string' is not assignable/,
  );
  assert.equal(
    execute(folder, "rejects", [`void Promise.reject(new RangeError("lost"));`, `console.log(1);`]).said,
    "RangeError|lost",
  );
});
