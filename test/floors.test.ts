/** The rules of the house, checked on the sources: floors, file sizes, types, randomness, versions, thin notebooks. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { projectRoot } from "../lib/base/files";

/** From the lowest up; a file may import from its own floor and from those below. lib/cli/main.ts stands on top. */
const floors = ["base", "text", "engine", "model", "factuality", "world", "preference", "align", "topic", "evaluation", "lab", "kernel", "cli.ts"];
const tsFiles = (folder: string): string[] => readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((name) => path.join(folder, name)).sort();
const read = (file: string): string => readFileSync(path.join(projectRoot, file), "utf8");
const library = tsFiles("lib"), tests = tsFiles("test");

/** Files of this project that a file imports, by any form of import; `types` only where the import leaves nothing at run time. */
function imports(file: string): { file: string; types: boolean }[] {
  const found: { file: string; types: boolean }[] = [];
  const add = (specifier: ts.Expression | undefined, types: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith(".")) return;
    const target = path.join(path.dirname(file), specifier.text);
    found.push({ file: /\.[a-z]+$/.test(target) ? target : `${target}.ts`, types });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const named = node.importClause?.namedBindings;
      const each = named && ts.isNamedImports(named) && named.elements.length > 0 && named.elements.every(({ isTypeOnly }) => isTypeOnly) && !node.importClause?.name;
      add(node.moduleSpecifier, Boolean(node.importClause?.isTypeOnly || each));
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === "require")) add(node.arguments[0], false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal as ts.Expression, true);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true));
  return found;
}

const floorOf = (file: string): number => floors.indexOf(file.split(path.sep)[1]!);

test("imports go down, never up, and only to files that are there", () => {
  const wrong: string[] = [];
  for (const file of library) {
    assert.ok(floorOf(file) >= 0, `${file} stands on no floor`);
    for (const target of imports(file)) {
      if (!/^lib./.test(target.file) || floorOf(target.file) > floorOf(file)) wrong.push(`${file} -> ${target.file}`);
      assert.doesNotThrow(() => read(target.file), `${file} imports ${target.file}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("siblings do not import each other in circles", () => {
  const graph = new Map(library.map((file) => [file, imports(file).filter(({ types }) => !types).map((target) => target.file).filter((target) => library.includes(target))]));
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(file), `a circle: ${[...trail.slice(trail.indexOf(file)), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const target of graph.get(file)!) walk(target, [...trail, file]);
    done.add(file);
  };
  for (const file of library) walk(file, []);
});

test("files have at most 250 lines, and each of the library says what it is", () => {
  for (const file of [...library, ...tests]) {
    const lines = read(file).split("\n").length - 1;
    assert.ok(lines <= 250, `${file} has ${lines} lines`);
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
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) assert.ok(!["eval", "Function"].includes(node.expression.getText()), `eval in ${at()}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    for (const switchedOff of [`@ts-${"ignore"}`, `@ts-${"nocheck"}`, `eslint-${"disable"}`]) assert.ok(!read(file).includes(switchedOff), `${switchedOff} in ${file}`);
  }
});

test("versions are exact, and the lock file is of this package.json", () => {
  type Packages = Partial<Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string>>>;
  const wanted = JSON.parse(read("package.json")) as Packages;
  const lock = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Packages> }).packages[""]!;
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const) {
    for (const [name, version] of Object.entries(wanted[kind] ?? {})) assert.match(version, /^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} ${version}`);
    assert.deepEqual(lock[kind], wanted[kind], kind);
  }
  for (const name of ["tslab", "@tensorflow/tfjs-node-gpu", "danfojs-node", "plotly.js", "umap-js"]) assert.ok(wanted.dependencies?.[name], `${name} is one of the five packages this project is built on`);
});

interface Notebook { cells: { cell_type: string; source: string | string[] }[]; metadata: { kernelspec?: { language?: string } } }
test("notebooks import the library and nothing else, and define nothing the library should", () => {
  const names = readdirSync(path.join(projectRoot, "notebooks")).filter((name) => name.endsWith(".ipynb") && !name.endsWith(".failed.ipynb"));
  assert.ok(names.length > 0);
  for (const name of names) {
    const { cells } = JSON.parse(read(path.join("notebooks", name))) as Notebook;
    const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => [source].flat().join(""));
    const text = code.join("\n");
    const imported = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)].map(([, from]) => from!);
    assert.ok(imported.length > 0, `${name} imports nothing`);
    for (const from of imported) assert.match(from, /^(\.\.?\/)+lib\//, `${name} imports ${from}`);
    assert.doesNotMatch(text, /^\s*(class|function)\s/m, `${name} defines a function or a class`);
    for (const cell of code) assert.ok(cell.split("\n").length <= 25, `${name} has a cell of ${cell.split("\n").length} lines`);
  }
});
