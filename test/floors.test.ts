/** The rules of the house, checked on the sources: floors, file sizes, types, randomness, versions, thin notebooks. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, type Dirent } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { projectRoot } from "../lib/base/files";

/**
 * From the lowest up; a file may import from its own floor and from those below. lib/setup stands apart: it runs before
 * packages are installed. lib/README.md says what each is for.
 */
const floors = [
  "base",
  "text",
  "engine",
  "model",
  "server",
  "factuality",
  "show",
  "world",
  "preference",
  "topic",
  "evaluation",
  "kernel",
  "align",
  "steps",
  "lab",
  "paper",
  "notebook",
  "site",
  "cli",
];
const filesOf = (folder: string, names: RegExp): string[] =>
  readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => names.test(name))
    .map((name) => path.join(folder, name))
    .sort();
const read = (file: string): string => readFileSync(path.join(projectRoot, file), "utf8");
const library = filesOf("lib", /\.ts$/);
const tests = filesOf("test", /\.ts$/);

/** Files of this project that a file imports, by any form of import, types only or not. */
function imports(file: string): string[] {
  const found: string[] = [];
  const add = (specifier: ts.Node | undefined): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith(".")) return;
    const target = path.join(path.dirname(file), specifier.text);
    found.push(/\.[a-z]+$/.test(target) ? target : `${target}.ts`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && /^(import|require)$/.test(node.expression.getText())) add(node.arguments[0]);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true));
  return found;
}

const roomOf = (file: string): string => file.split(path.sep)[1]!;
/** lib/index.ts, the door for notebooks, lies above all. */
const floorOf = (file: string): number =>
  file === path.join("lib", "index.ts") ? floors.length : floors.indexOf(roomOf(file));

test("imports go down, never up, and only to files that are there", () => {
  const wrong: string[] = [];
  for (const file of library) {
    assert.ok(floorOf(file) >= 0, `${file} stands on no floor`);
    for (const target of imports(file)) {
      if (!/^lib./.test(target) || floorOf(target) > floorOf(file)) wrong.push(`${file} -> ${target}`);
      assert.doesNotThrow(() => read(target), `${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no file imports itself by way of others, not even types", () => {
  const graph = new Map(library.map((file) => [file, imports(file).filter((target) => library.includes(target))]));
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(file), `a circle: ${[...trail.slice(trail.indexOf(file)), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const target of graph.get(file)!) walk(target, [...trail, file]);
    done.add(file);
  };
  for (const file of library) walk(file, []);
});

const entries = (folder: string): Dirent[] => readdirSync(path.join(projectRoot, folder), { withFileTypes: true });

test("the set-up imports nothing that is not its own or Node's", () => {
  for (const { name } of entries("lib/setup")) {
    for (const [, from] of read(path.join("lib/setup", name)).matchAll(
      /^(?:import|export) (?:[^"]* from )?"([^"]+)"/gm,
    )) {
      assert.match(from!, /^(node:|\.\/)/, `lib/setup/${name} imports ${from}`);
    }
  }
});

test("a folder of the library holds at most 25 files of its own, and lib/README.md names every floor in order", () => {
  const walk = (folder: string): void => {
    const own = entries(folder);
    assert.ok(own.filter((entry) => entry.isFile()).length <= 25, `${folder} has more than 25 files`);
    for (const entry of own) if (entry.isDirectory()) walk(path.join(folder, entry.name));
  };
  walk("lib");
  const rooms = entries("lib")
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  assert.deepEqual(rooms.sort(), [...floors, "setup"].sort());
  const named = [...read("lib/README.md").matchAll(/^\| `([a-z]+)`/gm)].map(([, name]) => name!);
  assert.deepEqual(named, [...floors.slice().reverse(), "setup"]);
});

test("what lib/README.md says is where it says", () => {
  for (const [, file] of read("lib/README.md").matchAll(/`([a-z]+\/[\w/.]+)`/g)) {
    assert.ok(existsSync(path.join(projectRoot, "lib", file!)), `lib/README.md names ${file}, which is not there`);
  }
});

test("files have at most 250 lines of 120 characters, and each of the library says what it is", () => {
  for (const file of ["lib", "test"].flatMap((folder) => filesOf(folder, /\.(ts|mjs|cjs)$/))) {
    const lines = read(file).split("\n");
    assert.ok(lines.length <= 251, `${file} has ${lines.length - 1} lines`);
    lines.forEach((line, i) => assert.ok(line.length <= 120, `${file}:${i + 1} has ${line.length} characters`));
  }
  for (const file of library) assert.match(read(file), /^(#!.*\n)?\/\*\*/, `${file} has no header comment`);
});

test("no any, no Math.random, no eval, no switched-off checks", () => {
  for (const file of [...library, ...tests]) {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
    const visit = (node: ts.Node): void => {
      const at = () => `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      assert.notEqual(node.kind, ts.SyntaxKind.AnyKeyword, `any in ${at()}`);
      if (ts.isPropertyAccessExpression(node)) assert.notEqual(node.getText(), "Math.random", at());
      if (ts.isCallExpression(node) || ts.isNewExpression(node))
        assert.ok(!["eval", "Function"].includes(node.expression.getText()), `eval in ${at()}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    for (const switchedOff of [`@ts-${"ignore"}`, `@ts-${"nocheck"}`, `eslint-${"disable"}`])
      assert.ok(!read(file).includes(switchedOff), `${switchedOff} in ${file}`);
  }
});

test("versions are exact, and the lock file is of this package.json", () => {
  type Packages = Partial<Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string>>>;
  const wanted = JSON.parse(read("package.json")) as Packages;
  const lock = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Packages> }).packages[""]!;
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const) {
    for (const [name, version] of Object.entries(wanted[kind] ?? {}))
      assert.match(version, /^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} ${version}`);
    assert.deepEqual(lock[kind], wanted[kind], kind);
  }
  for (const name of ["tslab", "@tensorflow/tfjs-node-gpu", "danfojs-node", "plotly.js", "umap-js"])
    assert.ok(wanted.dependencies?.[name], `${name} is one of the five packages this project is built on`);
});

test("documents call the command by its file: a runner of packages would ask the registry for a stranger's", () => {
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    ...["lib", "data/atlas", "notebooks", "test"].flatMap((at) => filesOf(at, /\.md$/)),
  ];
  const shown = [...documents, ...filesOf("notebooks", /\.ipynb$/), ...filesOf("lib", /\.(ts|mjs)$/)];
  const wrong = shown.filter((file) => /\b(npx|npm exec|pnpm dlx|bunx)\b[^\n"]*mask-dpo/.test(read(file)));
  assert.deepEqual(wrong, []);
});

interface Notebook {
  cells: { cell_type: string; source: string | string[] }[];
  metadata: { kernelspec?: { language?: string } };
}
test("notebooks import the library by its one door, in three lines, and define nothing the library should", () => {
  const names = readdirSync(path.join(projectRoot, "notebooks")).filter(
    (name) => name.endsWith(".ipynb") && !name.endsWith(".failed.ipynb"),
  );
  assert.ok(names.length > 0);
  for (const name of names) {
    const { cells } = JSON.parse(read(path.join("notebooks", name))) as Notebook;
    const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => [source].flat().join(""));
    const text = code.join("\n");
    const imported = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)].map(([, from]) => from!);
    assert.deepEqual(imported, ["./lib"], name);
    assert.match(code[0]!, /^import \* as lab from ".\/lib";\n\nconst session = await lab.openSession\(.*\);/, name);
    assert.doesNotMatch(text, /^\s*(class|function)\s/m, `${name} defines a function or a class`);
    for (const cell of code)
      assert.ok(cell.split("\n").length <= 25, `${name} has a cell of ${cell.split("\n").length} lines`);
  }
});
