/**
 * Strict type check of notebooks with the project's own TypeScript and tsconfig, as explorers want it: the cells of
 * each notebook, joined into one module at the project root. Stricter than the kernel (TypeScript 5.0, cell by cell),
 * and without running.
 */
import path from "node:path";
import ts from "typescript";
import { projectRoot } from "../base/files";
import { codeCells, readNotebook } from "./notebook";

/** One error. `cell` is the number beside the cell, `line` and `column` are in it; all from 1. */
export interface NotebookError {
  notebook: string;
  cell: number;
  line: number;
  column: number;
  message: string;
}

/** One notebook as a module that exists only in memory. */
interface VirtualModule {
  notebook: string;
  text: string;
  /** First line of each cell in the module, from 0, ascending. */
  starts: { cell: number; line: number }[];
}

/** The errors in the notebooks, in order. @throws UserError for a file that is no notebook */
export function nbcheck(files: readonly string[]): NotebookError[] {
  const modules = new Map(
    files.map((file, i) => [path.join(projectRoot, `__notebook_${i}.ts`).replace(/\\/g, "/"), joinCells(file)]),
  );
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(projectRoot, "tsconfig.json"),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(textOf(diagnostic));
      },
    },
  );
  // Elements of arrays are taken to be there, as in the kernel: cells explore, the library is strict.
  const options = { ...config!.options, noUncheckedIndexedAccess: false };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const readFile = host.readFile.bind(host);
  host.fileExists = (file) => modules.has(file) || fileExists(file);
  host.readFile = (file) => modules.get(file)?.text ?? readFile(file);
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules].flatMap(([file, module]) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map((diagnostic) => place(module, diagnostic)),
  );
}

/** `notebook:cell 3:2:5 TS2345 …` */
export function formatNotebookError({ notebook, cell, line, column, message }: NotebookError): string {
  return `${notebook}:cell ${cell}:${line}:${column} ${message}`;
}

function joinCells(notebook: string): VirtualModule {
  let text = "export {};\n";
  const starts = codeCells(readNotebook(notebook)).map(({ number, source }) => {
    const line = text.split("\n").length - 1;
    // The semicolon keeps a cell from running on into the next one.
    text += `${source}\n;\n`;
    return { cell: number, line };
  });
  return { notebook, text, starts };
}

function place({ notebook, starts }: VirtualModule, diagnostic: ts.Diagnostic): NotebookError {
  const at =
    diagnostic.file && diagnostic.start !== undefined
      ? diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start)
      : { line: 0, character: 0 };
  const start = starts.filter(({ line }) => line <= at.line).at(-1) ?? { cell: 0, line: 0 };
  return {
    notebook,
    cell: start.cell,
    line: at.line - start.line + 1,
    column: at.character + 1,
    message: `TS${diagnostic.code} ${textOf(diagnostic)}`,
  };
}

function textOf(diagnostic: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
}
