/**
 * tslab's cell compiler (TypeScript 5.0, incremental) with the project's strictness and without its costs.
 *
 * tslab fixes its compiler options, checks and transpiles every project file a cell reaches, and parses top-level
 * `await` as an identifier. The options are replaced where tslab hands them to TypeScript:
 *  - strictness as in tsconfig.json; "bundler" resolution, so that types under `exports` are found; DOM and node types
 *  - only the cell itself is checked and emitted: lib/*.ts is loaded by `require` (tsx), checked by `npm test`,
 *    and its types are still what cells are checked against
 *  - native top-level await (`await (x)` and `for await` work); the caller runs every cell as an async function
 *  - no file watchers: an edited lib file needs a kernel restart, for its types as for its code
 */
import { createRequire } from "node:module";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { createConverter, type Converter } from "tslab/dist/converter";
import { CellMap } from "./cellMap";

/** The module object whose functions tslab calls (kernel.mjs made it writable), not a copy of it. */
const ts = createRequire(__filename)("@tslab/typescript-for-tslab") as typeof TypeScript;

const STRICTNESS = [
  "strict",
  "noUncheckedIndexedAccess",
  "noImplicitOverride",
  "noFallthroughCasesInSwitch",
  "esModuleInterop",
  "resolveJsonModule",
];

export interface CellCompiler {
  converter: Converter;
  /** The source map of the cell converted last. */
  lastMap(): CellMap | undefined;
}

/** @param root the project root, which must be the working folder */
export function createCellCompiler(root: string): CellCompiler {
  let map: CellMap | undefined;
  ts.sys.watchFile = () => ({ close: () => undefined });
  ts.sys.watchDirectory = () => ({ close: () => undefined });
  const restore = [replaceOptions(projectStrictness(root)), keepSourceMaps((next) => (map = next))];
  const converter = createConverter({ isJS: false, isBrowser: false });
  restore[0]!();
  return { converter: alwaysAsync(converter), lastMap: () => map };
}

/** The strictness flags of tsconfig.json. */
function projectStrictness(root: string): TypeScript.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (file) => ts.sys.readFile(file)) as {
    config?: { compilerOptions?: Record<string, unknown> };
  };
  return Object.fromEntries(
    STRICTNESS.map((flag) => [flag, config?.compilerOptions?.[flag] ?? false]),
  ) as TypeScript.CompilerOptions;
}

type CreateHost = (
  roots: string[],
  options: TypeScript.CompilerOptions,
  ...rest: unknown[]
) => { afterProgramCreate?: (program: TypeScript.EmitAndSemanticDiagnosticsBuilderProgram) => void };

/** Replaces the options of the next compiler host. @returns a function that undoes it */
function replaceOptions(strictness: TypeScript.CompilerOptions): () => void {
  const api = ts as unknown as { createWatchCompilerHost: CreateHost };
  const original = api.createWatchCompilerHost;
  api.createWatchCompilerHost = (roots, options, ...rest) => {
    const host = original(
      roots,
      {
        ...options,
        ...strictness,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        types: ["node"],
        allowJs: false,
        checkJs: false,
        disableTopLevelAwait: false,
        inlineSourceMap: true,
      },
      ...rest,
    );
    let created: typeof host.afterProgramCreate;
    Object.defineProperty(host, "afterProgramCreate", {
      get: () => created,
      set: (callback: NonNullable<typeof created>) => (created = (program) => callback(cellOnly(program))),
    });
    return host;
  };
  return () => void (api.createWatchCompilerHost = original);
}

/** A builder program in which a file depends on nothing but itself, so that tslab checks and emits the cell alone. */
function cellOnly(
  program: TypeScript.EmitAndSemanticDiagnosticsBuilderProgram,
): TypeScript.EmitAndSemanticDiagnosticsBuilderProgram {
  return { ...program, getAllDependencies: (file) => [file.fileName] };
}

/** tslab compiles in two steps (to ES modules, then to CommonJS); the maps of both are kept from the second step. */
function keepSourceMaps(keep: (map: CellMap) => void): void {
  const original = ts.transpileModule;
  const transpile: typeof ts.transpileModule = (input, options) => {
    const result = original(input, { ...options, compilerOptions: { ...options.compilerOptions, sourceMap: true } });
    const map = CellMap.from(input, result.sourceMapText);
    if (map) keep(map);
    return { ...result, outputText: result.outputText.replace(/\/\/# sourceMappingURL=\S*\s*/g, "") };
  };
  (ts as { transpileModule: typeof ts.transpileModule }).transpileModule = transpile;
}

function alwaysAsync(converter: Converter): Converter {
  return {
    ...converter,
    convert: (declarations, source) => ({ ...converter.convert(declarations, source), hasToplevelAwait: true }),
  };
}
