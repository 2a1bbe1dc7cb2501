/** Where a line of a cell's generated code came from: two source maps, followed one after the other. */
import { SourceMap, type SourceMapPayload } from "node:module";

export interface Position {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

/** tslab puts one line (`export {};`) before every cell. */
const LINES_BEFORE = 1;

export class CellMap {
  private constructor(
    private readonly toModule: SourceMap,
    private readonly toCommonJs: SourceMap,
  ) {}

  /**
   * @param moduleCode output of the first step, ending in an inline source map
   * @param secondMap JSON of the second step's map
   */
  static from(moduleCode: string, secondMap: string | undefined): CellMap | undefined {
    const inline = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(moduleCode);
    if (!inline || !secondMap) return undefined;
    const first = JSON.parse(Buffer.from(inline[1]!, "base64").toString()) as SourceMapPayload;
    return new CellMap(new SourceMap(first), new SourceMap(JSON.parse(secondMap) as SourceMapPayload));
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
