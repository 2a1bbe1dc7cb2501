/** Where a line of a cell's generated code came from: two source maps, followed one after the other. */
import { SourceMap, type SourceMapPayload } from "node:module";

export interface Position {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

/** JSON of the maps of both steps: to an ES module, and from there to CommonJS. */
export interface SourceMaps {
  toModule: string;
  toCommonJs: string;
}

/** tslab puts one line (`export {};`) before every cell. */
const LINES_BEFORE = 1;

export class CellMap {
  private constructor(
    private readonly toModule: SourceMap,
    private readonly toCommonJs: SourceMap,
  ) {}

  static from({ toModule, toCommonJs }: SourceMaps): CellMap {
    const [first, second] = [toModule, toCommonJs].map((map) => new SourceMap(JSON.parse(map) as SourceMapPayload));
    return new CellMap(first!, second!);
  }

  /** The place in the cell, or undefined for generated code. */
  find(generated: Position): Position | undefined {
    const middle = this.toCommonJs.findEntry(generated.line - 1, generated.column - 1);
    if (!("originalLine" in middle)) return undefined;
    const source = this.toModule.findEntry(middle.originalLine, middle.originalColumn);
    if (!("originalLine" in source) || source.originalLine < LINES_BEFORE) return undefined;
    return { line: source.originalLine - LINES_BEFORE + 1, column: source.originalColumn + 1 };
  }
}
