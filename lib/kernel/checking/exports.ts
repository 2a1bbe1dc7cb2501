/** Cells that export. */
import { createRequire } from "node:module";
import type * as TypeScript from "@tslab/typescript-for-tslab";

const ts = createRequire(__filename)("@tslab/typescript-for-tslab") as typeof TypeScript;

/**
 * A cell without its exports, every character else in its place: what a cell declares is there for later cells, and
 * tslab exports it itself. `export { a } from "m"` becomes an import, of which the same is true.
 */
export function withoutExports(source: string): string {
  if (!source.includes("export")) return source;
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022);
  return file.statements.reduce((text, statement) => {
    const found = exportOf(statement, file);
    if (!found) return text;
    const { pos, end, instead = "" } = found;
    return (
      text.slice(0, pos) + instead + text.slice(pos + instead.length, end).replace(/[^\s]/g, " ") + text.slice(end)
    );
  }, source);
}

/** The words that go, and what comes in the place of their beginning. */
function exportOf(
  statement: TypeScript.Statement,
  file: TypeScript.SourceFile,
): { pos: number; end: number; instead?: string } | undefined {
  const pos = statement.getStart(file);
  if (ts.isExportDeclaration(statement)) {
    const { exportClause: clause, moduleSpecifier, end } = statement;
    if (moduleSpecifier && clause) return { pos, end: pos + "export".length, instead: "import" };
    const plain = clause && ts.isNamedExports(clause) && clause.elements.every(({ propertyName }) => !propertyName);
    return plain && !moduleSpecifier ? { pos, end } : undefined;
  }
  if (ts.isExportAssignment(statement))
    return statement.isExportEquals ? undefined : { pos, end: statement.expression.getFullStart() };
  if (!ts.canHaveModifiers(statement)) return undefined;
  const words = (ts.getModifiers(statement) ?? []).filter(
    ({ kind }) => kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword,
  );
  const [first] = words;
  const nameless = "name" in statement && statement.name === undefined;
  return first && !nameless ? { pos: first.getStart(file), end: words.at(-1)!.end } : undefined;
}
