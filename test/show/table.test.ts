import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { escapeLatex } from "../../lib/show/latex";
import { saveTable } from "../../lib/show/saveTable";
import { toHtml, toMarkdown, toText, type Table } from "../../lib/show/table";
import { tableBundle } from "../../lib/show/tableBundle";
import { toLatex } from "../../lib/show/tableLatex";

const table: Table = {
  name: "02-scores",
  caption: "Scores & 95 % intervals",
  columns: [
    { key: "policy", label: "Policy" },
    { key: "score", label: "Score", digits: 1 },
    { key: "n", label: "# pairs" },
  ],
  rows: [
    { policy: "Mask-DPO", score: { value: 77.53, low: 76.049, high: 79 }, n: 8046 },
    { policy: "base | T_0.8", score: 47.8, n: null },
    { policy: "<script>alert(1)</script>", score: -0.04, n: 3 },
  ],
};
const hostile = "§ ¶ † ‡ £ \\ { } $ & # % _ ~ ^ < > | \" ' ` [x](y) – − ≥ β Łódź naïve Đ 中 🙂";

test("Markdown: one pipe table, pipes and markup in cells escaped", () => {
  const lines = toMarkdown(table).split("\n");
  assert.equal(lines[0], "**Scores &amp; 95 % intervals**");
  assert.equal(lines[3], "| :--- | ---: | ---: |");
  assert.equal(lines[4], "| Mask-DPO | 77.5 [76.0, 79.0] | 8046 |");
  assert.equal(lines[5], "| base \\| T\\_0.8 | 47.8 | – |");
  const one = { ...table, rows: [{ policy: "of one topic", score: { value: 75, low: NaN, high: NaN }, n: 1 }] };
  assert.ok(toMarkdown(one).includes("| 75.0 [–] |"), "no interval, and no NaN");
  assert.equal(lines[6], "| &lt;script>alert(1)&lt;/script> | 0.0 | 3 |");
  assert.ok(
    toMarkdown({ ...table, rows: [{ policy: "[x](http://y)\nz", score: 1, n: 1 }] }).includes("| [x\\](http://y) z |"),
  );
});

test("HTML: cells are text", () => {
  const html = toHtml(table);
  assert.ok(!html.includes("<script>") && html.includes("&lt;script&gt;alert(1)"));
  assert.ok(html.includes('<th scope="col" align="left"'));
  assert.ok(html.includes('<td align="right" style="text-align:right">77.5 [76.0, 79.0]</td>'));
});

test("text: columns line up", () => {
  const lines = toText(table).split("\n");
  assert.deepEqual(
    lines
      .slice(1, 4)
      .map((line) => line.indexOf("77.5"))
      .filter((at) => at >= 0).length,
    1,
  );
  assert.equal(lines[3]!.length, lines[5]!.length);
});

test("LaTeX: booktabs, ASCII only, every special character escaped", () => {
  const tex = toLatex({ ...table, rows: [...table.rows, { policy: hostile, score: -1.5, n: 1 }] });
  assert.match(tex, /\\toprule[^]*\\midrule[^]*\\bottomrule/);
  assert.match(tex, /Mask-DPO & 77.5 \[76.0, 79.0\] & 8046 \\\\/);
  assert.match(tex, /& \$-\$1.5 & 1 \\\\/);
  assert.ok(/^[\x20-\x7e\n]*$/.test(tex));
  assert.equal(
    escapeLatex("50 % of A_1 & B #2, $3 {x}^2~\\"),
    "50 \\% of A\\_1 \\& B \\#2, \\$3 \\{x\\}\\textasciicircum{}2\\textasciitilde{}\\textbackslash{}",
  );
  assert.equal(
    escapeLatex("β ≥ 0.1, Łódź, naïve, -3 – x-2"),
    "$\\beta$ $\\geq$ 0.1, \\L{}\\'{o}d\\'{z}, na\\\"{i}ve, $-$3 -- x-2",
  );
  assert.equal(escapeLatex("中"), "U+4E2D");
});

test("LaTeX: where a line is too short, texts wrap and share what the numbers leave", () => {
  const columns = [
    { key: "a", label: "A" },
    { key: "b", label: "B" },
    { key: "n", label: "N" },
  ];
  const spec = (a: string, b: string) =>
    /\\begin\{tabular\}\{@\{\}(.*)@\{\}\}/.exec(toLatex({ ...table, columns, rows: [{ a, b, n: 1 }] }))![1]!;
  const shares = (a: string, b: string) => [...spec(a, b).matchAll(/p\{([\d.]+)/g)].map(([, share]) => Number(share));
  assert.equal(spec("short", "x ".repeat(20)), "llr", "there is room");
  assert.match(spec("short", "x ".repeat(60)), /^l>\{\\raggedright\\arraybackslash\}p\{0\.\d\d\\linewidth\}r$/);
  const [one, other] = shares("x ".repeat(60), "x ".repeat(60));
  assert.equal(one, other);
  assert.ok(one! + other! > 0.8 && one! + other! < 1, `${one} twice`);
  const [longer, shorter] = shares("x ".repeat(120), "x ".repeat(30));
  assert.ok(Math.abs(longer! / shorter! - 2) < 0.1, "by the root of their lengths");
});

test("LaTeX: a table longer than a page breaks and repeats its head", () => {
  const rows = (n: number) => Array.from({ length: n }, (_, i) => ({ policy: `p${i}`, score: i, n: i }));
  assert.match(toLatex({ ...table, rows: rows(40) }), /\\begin\{table\}\[t\]/);
  const long = toLatex({ ...table, rows: rows(41) });
  assert.doesNotMatch(long, /\\begin\{table\}/);
  assert.match(long, /\\begin\{longtable\}[^]*\\endfirsthead[^]*\\endhead[^]*\\endfoot[^]*p40 /);
});

test(
  "LaTeX: plain pdflatex compiles the hostile table, also over pages",
  { skip: onPath("pdflatex") ? false : "no pdflatex on this machine" },
  () => {
    inTempDir((dir) => {
      const hostileTable = {
        ...table,
        caption: hostile,
        rows: [
          { policy: hostile, score: 1, n: 1 },
          { policy: "[1]", score: 2, n: 2 },
        ],
      };
      const long = Array.from({ length: 60 }, (_, n) => ({ policy: n % 2 === 0 ? hostile : "[1]", score: n, n }));
      const body = toLatex(hostileTable) + toLatex({ ...hostileTable, name: "long", rows: long });
      writeFileSync(
        path.join(dir, "t.tex"),
        `\\documentclass{article}\\usepackage{array,booktabs,longtable}\\begin{document}${body}\\end{document}`,
      );
      execFileSync("pdflatex", ["-interaction=nonstopmode", "-halt-on-error", "t.tex"], { cwd: dir, stdio: "pipe" });
    });
  },
);

test("saving writes three files and leaves nothing else; bad names and missing cells are refused", () => {
  inTempDir((dir) => {
    const files = saveTable(table, dir);
    assert.deepEqual(readdirSync(dir).sort(), ["02-scores.md", "02-scores.table.json", "02-scores.tex"]);
    assert.equal(readFileSync(files.md, "utf8"), toMarkdown(table));
    assert.throws(() => saveTable({ ...table, name: "../x" }, dir), /a name of letters/);
    assert.throws(
      () => saveTable({ ...table, rows: [{ policy: "x", score: 1 }] }, dir),
      /row 1: expected a value for "n"/,
    );
    assert.equal(readdirSync(dir).length, 3);
  });
});

test("a notebook display carries every form", () => {
  const bundle = tableBundle(table);
  assert.deepEqual(bundle, {
    text: toText(table),
    html: toHtml(table),
    markdown: toMarkdown(table),
    latex: toLatex(table),
  });
});

function inTempDir(run: (dir: string) => void): void {
  const dir = mkdtempSync(path.join(tmpdir(), "table-"));
  try {
    run(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(path.delimiter).some((dir) => existsSync(path.join(dir, program)));
}
