/**
 * tslab's cell compiler (TypeScript 5.0, incremental) with the project's strictness and without its costs.
 *
 * tslab fixes its compiler options, checks and transpiles every project file a cell reaches, and parses top-level
 * `await` as an identifier. The options are replaced where tslab hands them to TypeScript:
 *  - strictness as in tsconfig.json, but for elements of arrays, which explorers know to be there; "bundler"
 *    resolution, so that types under `exports` are found; DOM and node types
 *  - only the cell itself is checked and emitted: lib/*.ts is loaded by `require` (tsx), checked by `npm test`,
 *    and its types are still what cells are checked against, read from declarations where there are some
 *  - native top-level await (`await (x)` and `for await` work); the caller runs every cell as an async function
 *  - no file watchers: who runs cells says which files were edited (modules.ts)
 *  - a cell may export; what it declares is seen by later cells in any case
 *  - a type that cannot be named in a declaration file, which no user asked for, is no error
 */
import { createRequire } from "node:module";
import path from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { createConverter, type Converter } from "tslab/dist/converter";
import type { SourceMaps } from "../cellMap";
import { Declarations } from "./declarations";
import { cellOnly } from "./cellOnly";
import { withoutExports } from "./exports";

/** The module object whose functions tslab calls (thread.cjs made it writable), not a copy of it. */
const ts = createRequire(__filename)("@tslab/typescript-for-tslab") as typeof TypeScript;

const STRICTNESS = [
  "strict",
  "noImplicitOverride",
  "noFallthroughCasesInSwitch",
  "esModuleInterop",
  "resolveJsonModule",
];

export interface CellCompiler {
  converter: Converter;
  /** Where the code of the cell converted last came from. */
  lastMaps(): SourceMaps | undefined;
  checked: CheckedFiles;
  declarations: Declarations;
  /** Codes of what is not written as TypeScript is, whatever its types. */
  mistakes(source: string): number[];
  /** From the next cell on a file is part of the program, whatever cells import. */
  keep(file: string): void;
}

export interface CheckedFiles {
  /** Files whose types were read. */
  files(): Iterable<string>;
  /** Lets one be read again. */
  changed(file: string): void;
  /** Modules that were looked for in vain, without their endings. */
  missing(): readonly string[];
  /** Lets one be looked for again. */
  appeared(file: string): void;
}

/** @param root the project root, which must be the working folder */
export function createCellCompiler(root: string): CellCompiler {
  let maps: SourceMaps | undefined;
  const declarations = new Declarations(root);
  const system = { ...ts.sys };
  ts.sys.readFile = (file, encoding) => {
    const text = system.readFile(file, encoding);
    return text === undefined ? undefined : declarations.of(file, text);
  };
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
  const restore = replaceOptions(projectStrictness(root));
  keepSourceMaps((next) => (maps = next));
  ignoreDeclarationErrors();
  const converter = createConverter({ isJS: false, isBrowser: false });
  const { roots, program } = restore();
  return {
    converter: cellConverter(converter, (module) => missing.add(path.resolve(root, module))),
    lastMaps: () => maps,
    declarations,
    mistakes: (source) => parse(source).parseDiagnostics.map(({ code }) => code),
    keep: (file) => program.updateRootFileNames([...roots, file]),
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

interface Watching {
  roots: readonly string[];
  program: { updateRootFileNames(files: string[]): void };
}

/** Replaces the options of the next compiler host. @returns undoes it, and says what was made meanwhile */
function replaceOptions(strictness: TypeScript.CompilerOptions): () => Watching {
  const api = ts as unknown as {
    createWatchCompilerHost: CreateHost;
    createWatchProgram: (host: { rootFiles: readonly string[] }) => Watching["program"];
  };
  const { createWatchCompilerHost: original, createWatchProgram } = api;
  let made: Watching | undefined;
  api.createWatchProgram = (host) => {
    const program = createWatchProgram(host);
    made = { roots: host.rootFiles, program };
    return program;
  };
  api.createWatchCompilerHost = (roots, options, system, _builder, ...rest) => {
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
      ts.createAbstractBuilder, // nothing is asked of which file depends on which, which takes long to find out
      ...rest,
    );
    let created: typeof host.afterProgramCreate;
    Object.defineProperty(host, "afterProgramCreate", {
      get: () => created,
      set: (callback: NonNullable<typeof created>) =>
        (created = (program) => {
          for (const file of roots) bind(program.getSourceFile(file)!, program.getCompilerOptions());
          callback(cellOnly(program));
        }),
    });
    return host;
  };
  return () => {
    Object.assign(api, { createWatchCompilerHost: original, createWatchProgram });
    return made!;
  };
}

/** Finds the names a file declares, which tslab asks for before anything is checked. TypeScript's types have it not. */
const bind = (ts as unknown as { bindSourceFile: Bind }).bindSourceFile;
type Bind = (file: TypeScript.SourceFile, options: TypeScript.CompilerOptions) => void;

/** With its errors, which TypeScript's types leave out. */
const parse = (source: string): { parseDiagnostics: readonly TypeScript.Diagnostic[] } =>
  ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022) as never;

/** tslab's system keeps one timer, of the next program: what is to be looked for again is forgotten at once. */
function lookingAgain(system: TypeScript.System): TypeScript.System {
  const setTimeout: TypeScript.System["setTimeout"] = (callback, ...rest): unknown =>
    callback.name === "invalidateResolutionsOfFailedLookup" ? void callback() : system.setTimeout!(callback, ...rest);
  return Object.assign(Object.create(system) as TypeScript.System, { setTimeout });
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
function keepSourceMaps(keep: (maps: SourceMaps) => void): void {
  const original = ts.transpileModule;
  const transpile: typeof ts.transpileModule = (input, options) => {
    const result = original(input, { ...options, compilerOptions: { ...options.compilerOptions, sourceMap: true } });
    const inline = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(input)?.[1];
    if (inline && result.sourceMapText)
      keep({ toModule: Buffer.from(inline, "base64").toString(), toCommonJs: result.sourceMapText });
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
