/** What the type checker of cells reads in the place of the library's sources. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Declarations } from "../../lib/kernel/checking/declarations";
import { scratch } from "../golden/fixtures";

const typed = `import { readFileSync } from "node:fs";
/** Its text. */
export function textOf(file: string): string {
  return readFileSync(file, "utf8");
}
`;
const inferred = "export const twice = (n: number) => 2 * n;\n";

test("declarations are made once for a text, and of files that say all their types", (t) => {
  const root = scratch(t);
  const at = (name: string): string => `${root.split(path.sep).join("/")}/${name}`;
  const read = (from: Declarations, name: string, text: string): string => from.of(at(name), text);
  const first = new Declarations(root);
  assert.equal(read(first, "lib/typed.ts", typed), typed);
  assert.equal(read(first, "lib/inferred.ts", inferred), inferred);
  first.make().next(); // given up
  assert.equal([...first.make()].length, 2);

  const next = new Declarations(root);
  const declared = read(next, "lib/typed.ts", typed);
  assert.match(declared, /Its text[^]+export declare function textOf\(file: string\): string;/);
  assert.doesNotMatch(declared, /node:fs/);
  assert.equal(read(next, "lib/inferred.ts", inferred), inferred);
  assert.equal([...next.make()].length, 0, "nothing is missing");
  const edited = typed.replace("string): string", "string): string | undefined");
  assert.equal(read(next, "lib/typed.ts", edited), edited);
  for (const name of ["mine/typed.ts", "node_modules/typed/index.d.ts"]) assert.equal(read(next, name, typed), typed);
  assert.equal([...next.make()].length, 1);
  assert.match(read(new Declarations(root), "lib/typed.ts", edited), /declare function textOf.+undefined;/);
});

test("a damaged store is made anew", (t) => {
  const root = scratch(t);
  const file = path.join(root, "lib/typed.ts").split(path.sep).join("/");
  const first = new Declarations(root);
  first.of(file, typed);
  assert.equal([...first.make()].length, 1);
  const { version } = JSON.parse(readFileSync("node_modules/typescript/package.json", "utf8")) as { version: string };
  writeFileSync(path.join(root, `node_modules/.mask-dpo-declarations/${version}.json`), '{"typed.ts": {');
  assert.equal(new Declarations(root).of(file, typed), typed);
});
