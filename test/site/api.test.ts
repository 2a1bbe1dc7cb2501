/** API pages: every parameter has a name, and what the door opens is grouped as the house is. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { DeclarationReflection } from "typedoc";
import { projectRoot } from "../../lib/base/files";
import { apiOf } from "../../lib/site/apiPages";
import { scratch } from "../golden/fixtures";

test("parameters that are taken apart have names, and groups are folders with the words of the house", async (t) => {
  const folder = scratch(t);
  const lib = (file: string): string => JSON.stringify(path.join(projectRoot, "lib", file));
  writeFileSync(
    path.join(folder, "door.ts"),
    `export { gainTable } from ${lib("evaluation/tables")};
    export { toMarkdown } from ${lib("show/table")};
    export { axis, figureLayout } from ${lib("show/figure/template")};
    interface Session { seed: number; atlas: string }
    export function ofType({ seed }: Pick<Session, "seed">): number { return seed }
    export function ofTypes({ seed }: { loud: boolean } & Session): number { return seed }
    export function ofNone({ loud = false }: { loud?: boolean } = {}): boolean { return loud }`,
  );
  const files = [path.join(folder, "door.ts")];
  const root = path.join(projectRoot, "tsconfig.json");
  const tsconfig = path.join(folder, "tsconfig.json");
  writeFileSync(tsconfig, JSON.stringify({ extends: root, files, include: [], compilerOptions: { types: [] } }));
  const { project } = await apiOf(files[0]!, tsconfig);
  const parameters = (name: string): string[] =>
    (project.getChildByName(name) as DeclarationReflection).signatures![0]!.parameters!.map((one) => one.name);
  assert.deepEqual(["ofType", "ofTypes", "ofNone"].flatMap(parameters), ["session", "session", "options"]);
  assert.deepEqual(parameters("gainTable"), ["parts"], "as its docstring says");
  assert.deepEqual(parameters("figureLayout"), ["layoutOptions"]);
  const groups = project.categories!.map(({ title, children }) => [title, children.length]);
  assert.deepEqual(groups.slice(0, 3), [
    ["evaluation", 1],
    ["show", 1],
    ["show/figure", 2],
  ]);
  assert.match(project.categories![1]!.description![0]!.text, /^What a reader sees: /);
});
