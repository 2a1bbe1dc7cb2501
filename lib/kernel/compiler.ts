/**
 * tslab's cell compiler (TypeScript 5.0, incremental) with the project's strictness and without its costs.
 *
 * tslab fixes its compiler options, checks and transpiles every project file a cell reaches, and parses top-level
 * `await` as an identifier. The options are replaced where tslab hands them to TypeScript:
 *  - strictness as in tsconfig.json; "bundler" resolution, so that types under `exports` are found; DOM and node types
 *  - only the cell itself is checked and emitted: lib/*.ts is loaded by `require` (tsx), checked by `npm test`,
 *    and its types are still what cells are checked against
 *  - native top-level await (`await (x)` and `for await` work); the caller runs every cell as an async function
 *  - no file watchers: who runs cells says which files were edited (modules.ts)
 *  - a cell may export; what it declares is seen by later cells in any case
 *  - a type that cannot be named in a declaration file, which no user asked for, is no error
 */
import { createRequire } from "node:module";
import path from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { createConverter, type Converter } from "tslab/dist/converter";
import { CellMap } from "./cellMap";
import type { CheckedFiles } from "./modules";
import { withoutExports } from "./exports";

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
  checked: CheckedFiles;
}

/** @param root the project root, which must be the working folder */
export function createCellCompiler(root: string): CellCompiler {
  let map: CellMap | undefined;
  const watchers = new Map<string, TypeScript.FileWatcherCallback>();
  ts.sys.watchFile = (file, callback) => {
    watchers.set(file, callback);
    return { close: () => watchers.delete(file) };
  };
  const folders = new Set<TypeScript.DirectoryWatcherCallback>();
  ts.sys.watchDirectory = (_folder, callback) => {
    folders.add(callback);
    return { close: () => folders.delete(callback) };
  };
  const missing = new Set<string>();
  const restoreOptions = replaceOptions(projectStrictness(root));
  keepSourceMaps((next) => (map = next));
  ignoreDeclarationErrors();
  const converter = createConverter({ isJS: false, isBrowser: false });
  restoreOptions();
  return {
    converter: cellConverter(converter, (module) => missing.add(path.resolve(root, module))),
    lastMap: () => map,
    checked: {
      files: () => watchers.keys(),
      missing: () => [...missing],
      appeared: (file) => [...folders].forEach((callback) => callback(file)),
      changed: (file) => watchers.get(file.split(path.sep).join("/"))?.(file, ts.FileWatcherEventKind.Changed),
    },
  };
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
  system: TypeScript.System,
  ...rest: unknown[]
) => { afterProgramCreate?: (program: TypeScript.EmitAndSemanticDiagnosticsBuilderProgram) => void };

/** Replaces the options of the next compiler host. @returns a function that undoes it */
function replaceOptions(strictness: TypeScript.CompilerOptions): () => void {
  const api = ts as unknown as { createWatchCompilerHost: CreateHost };
  const original = api.createWatchCompilerHost;
  api.createWatchCompilerHost = (roots, options, system, ...rest) => {
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
      lookingAgain(system),
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

/** tslab's system keeps one timer, of the next program: what is to be looked for again is forgotten at once. */
function lookingAgain(system: TypeScript.System): TypeScript.System {
  const setTimeout: TypeScript.System["setTimeout"] = (callback, ...rest): unknown =>
    callback.name === "invalidateResolutionsOfFailedLookup" ? void callback() : system.setTimeout!(callback, ...rest);
  return Object.assign(Object.create(system) as TypeScript.System, { setTimeout });
}

/** The last argument of `Program.emit`, which TypeScript's own types leave out. */
const forceDeclarations = true;

/**
 * A builder program in which a file depends on nothing but itself, so that tslab checks and emits the cell alone; its
 * declarations too where they have errors.
 */
function cellOnly(
  program: TypeScript.EmitAndSemanticDiagnosticsBuilderProgram,
): TypeScript.EmitAndSemanticDiagnosticsBuilderProgram {
  const whole = program.getProgram() as { emit: (...args: unknown[]) => TypeScript.EmitResult };
  return {
    ...program,
    getAllDependencies: (file) => [file.fileName],
    emit: (file, write, token, only, transformers) =>
      whole.emit(file, write, token, only, transformers, forceDeclarations),
  };
}

type Diagnose = (
  program: TypeScript.Program,
  files: readonly TypeScript.SourceFile[],
) => readonly TypeScript.Diagnostic[];

/** Errors that only the emission of declarations knows: a type that cannot be named, or is too long to be written. */
function ignoreDeclarationErrors(): void {
  const api = ts as unknown as { getPreEmitDiagnosticsOfFiles: Diagnose };
  const original = api.getPreEmitDiagnosticsOfFiles;
  api.getPreEmitDiagnosticsOfFiles = (program, files) => {
    const ignored = new Set<TypeScript.Diagnostic>(files.flatMap((file) => program.getDeclarationDiagnostics(file)));
    return original(program, files).filter((message) => !ignored.has(message));
  };
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

/** Of a module that is not there, with its name. */
const NO_MODULE = { code: 2307, name: /'(\.?\.?\/[^']+)'/ };

/** Cells are asynchronous, and export by themselves. @param missing told of each module that is not there */
function cellConverter(converter: Converter, missing: (module: string) => void): Converter {
  return {
    ...converter,
    convert(declarations, source) {
      const converted = converter.convert(declarations, withoutExports(source));
      for (const { code, messageText } of converted.diagnostics) {
        const name = code === NO_MODULE.code ? NO_MODULE.name.exec(messageText)?.[1] : undefined;
        if (name) missing(name);
      }
      return { ...converted, hasToplevelAwait: true };
    },
  };
}
