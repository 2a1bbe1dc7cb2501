/**
 * `{ x }` with an `x` of an earlier cell. tslab puts `exports.` before such names where they are used, but asks which
 * property a shorthand declares, not which value it reads, and so leaves it as it is: a name that nobody knows.
 */
import { createRequire } from "node:module";
import type * as TypeScript from "@tslab/typescript-for-tslab";

const ts = createRequire(__filename)("@tslab/typescript-for-tslab") as typeof TypeScript;

/** Where tslab declares the names of earlier cells. */
const earlierCells = /(^|\/)__prev__\.d\.ts$/;

/** Comes before the compiler's own transformations. */
export function longShorthands(checker: TypeScript.TypeChecker): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  const isEarlier = (node: TypeScript.ShorthandPropertyAssignment): boolean =>
    (checker.getShorthandAssignmentValueSymbol(node)?.declarations ?? []).some((declaration) =>
      earlierCells.test(declaration.getSourceFile().fileName),
    );
  return (context) => (file) => {
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      if (!ts.isShorthandPropertyAssignment(node) || !isEarlier(node)) return ts.visitEachChild(node, visit, context);
      const { factory } = context;
      const value = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), node.name.text);
      const fallback = node.objectAssignmentInitializer; // `({ x = 1 } = value)` assigns to it
      const target = fallback ? factory.createAssignment(value, ts.visitNode(fallback, visit, ts.isExpression)) : value;
      return ts.setTextRange(factory.createPropertyAssignment(node.name.text, target), node);
    };
    return ts.visitNode(file, visit, ts.isSourceFile);
  };
}
