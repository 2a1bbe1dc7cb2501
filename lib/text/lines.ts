/** The lines of a text as Markdown has them: what is split into sentences, and what is one whatever it holds. */

export interface Line {
  start: number;
  /** Before the line break. */
  end: number;
  /** Fenced code with its fences (several lines), a heading, or a row of a table. */
  whole: boolean;
}

const lineBreak = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/g;
const fence = /^\s*(`{3,}|~{3,})/;
const heading = /^ {0,3}#{1,6}\s/;

/** From an offset on, in order. */
export function* linesOf(text: string, from: number): Generator<Line> {
  let code: { start: number; mark: string } | undefined;
  for (const { start, end } of plainLines(text, from)) {
    const line = text.slice(start, end);
    const mark = fence.exec(line)?.[1];
    if (code) {
      const closes = mark?.startsWith(code.mark) && line.trim() === mark;
      if (!closes && end < text.length) continue;
      yield { start: code.start, end, whole: true };
      code = undefined;
    } else if (mark !== undefined && end < text.length && !line.slice(line.indexOf(mark) + mark.length).includes("`"))
      code = { start, mark };
    else yield { start, end, whole: heading.test(line) || isRow(line) };
  }
}

function* plainLines(text: string, from: number): Generator<{ start: number; end: number }> {
  let start = from;
  for (const match of text.slice(from).matchAll(lineBreak)) {
    yield { start, end: from + match.index };
    start = from + match.index + match[0].length;
  }
  yield { start, end: text.length };
}

function isRow(line: string): boolean {
  const visible = line.trim();
  return visible.length > 1 && visible.startsWith("|") && visible.endsWith("|");
}
