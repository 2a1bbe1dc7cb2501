/** Of all a program holds, tslab checks and emits the cell. */
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { longShorthands } from "./shorthands";

/** The last argument of `Program.emit`, which TypeScript's own types leave out. */
const forceDeclarations = true;

/**
 * A builder program in which a file depends on nothing but itself, so that tslab checks and emits the cell alone; its
 * declarations too where they have errors.
 */
export function cellOnly(
  program: TypeScript.EmitAndSemanticDiagnosticsBuilderProgram,
): TypeScript.EmitAndSemanticDiagnosticsBuilderProgram {
  const whole = program.getProgram() as Omit<TypeScript.Program, "emit"> & {
    emit: (...args: unknown[]) => TypeScript.EmitResult;
  };
  return {
    ...program,
    getAllDependencies: (file) => [file.fileName],
    emit: (file, write, token, only, transformers) =>
      whole.emit(
        file,
        write,
        token,
        only,
        { ...transformers, before: [longShorthands(whole.getTypeChecker())] },
        forceDeclarations,
      ),
  };
}
