/** The appendix: everything the notebooks left, whatever it is, and which run it is from. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { buildAppendix, contentsBundle, settingTable } from "../../lib/paper/appendix";
import { ownIds } from "../../lib/show/documentPage";
import { readArtefacts, writeTableRecord } from "../../lib/show/record";
import { provenanceText } from "../../lib/show/provenance";
import { provenanceOf, publishTable } from "../../lib/lab/publish";
import { runFolder } from "../../lib/base/runFolder";
import { saveTable } from "../../lib/show/saveTable";
import { toMarkdown } from "../../lib/show/table";
import { editJson, userError, inOrder, scratch } from "../golden/fixtures";
import { fakeSession, publishAll, readResults, scores } from "./appendixFixture";

test("a record gives back the table, and says which runs it is from", (t) => {
  const session = fakeSession(t);
  const used = path.basename(runFolder(session.runs, "candidates", { k: 4, seed: 9 }));
  const evaluation = path.basename(runFolder(session.runs, "evaluation", { seed: 0 }));
  runFolder(`${session.runs}/elsewhere`, "candidates", { k: 4, seed: 11 });
  runFolder(session.runs, "candidates", { k: 4, seed: 12 }); // made, but not what the table is from
  publishTable(
    session,
    { ...scores, rows: [...scores.rows, { policy: "more", score: NaN, note: null, unused: 1 }] },
    { runs: [evaluation, used] },
  );
  const [table] = readArtefacts(session.figures).tables;
  assert.deepEqual(table!.rows, [...scores.rows, { policy: "more", score: null, note: null }]);
  assert.equal(toMarkdown({ ...table!, rows: table!.rows.slice(0, 2) }), toMarkdown(scores));
  const { run } = table!;
  assert.deepEqual(run, {
    ...provenanceOf(session, { runs: [evaluation, used] }),
    runs: [used, evaluation],
    place: 1,
  });
  assert.deepEqual([run.seed, run.seeds, run.preset, run.engine], [3, [3, 9], "smoke", "wasm"]);
  assert.match(
    provenanceText(run),
    inOrder(
      /^From preset smoke, seeds 3, 9, engine wasm \(Node [\d.]+, tfjs 4\.22\.0\)\. /,
      /Runs: candidates-[0-9a-f]{8}, evaluation-[0-9a-f]{8}\.$/,
    ),
  );
  assert.match(
    provenanceText({ ...run, runs: Array.from({ length: 9 }, (_, i) => `r${i}`) }),
    / 9 runs, named in results\.json\.$/,
  );
});

test("a damaged record is named; one without its files, and files without one, are told apart from the rest", (t) => {
  const { figures } = fakeSession(t);
  assert.deepEqual(readArtefacts(path.join(figures, "none")), { tables: [], figures: [], unrecorded: [] });
  writeTableRecord(figures, scores, null);
  for (const name of ["old.tex", "old.svg", "older.svg", "plotly.min.js", "bench.json"])
    writeFileSync(path.join(figures, name), "");
  assert.deepEqual(readArtefacts(figures), { tables: [], figures: [], unrecorded: ["02-scores", "old", "older"] });
  saveTable(scores, figures);
  assert.equal(readArtefacts(figures).tables.length, 1);
  editJson(path.join(figures, "02-scores.table.json"), (record) => {
    record.rows = [{ score: { value: "x" } }];
  });
  assert.throws(() => readArtefacts(figures), userError(/02-scores\.table\.json: expected a valid "rows/));
});

test("results.json has every number with its run", async (t) => {
  const session = fakeSession(t);
  const name = path.basename(runFolder(session.runs, "candidates", { k: 4, seed: 3 }));
  await publishAll(session, { runs: [name] });
  buildAppendix(session);
  const results = readResults(session);
  assert.deepEqual([results.made.preset, results.made.versions.node], ["smoke", process.versions.node]);
  assert.deepEqual(
    results.numbers.map(({ what, here, run }) => [what, here, run.seed]),
    [["score, greedy", { value: 60, low: 55, high: 65 }, 3]],
  );
  assert.deepEqual(
    results.tables.map((table) => table.name),
    ["02-hyperparameters", "02-scores", "appendix-setting"],
  );
  assert.deepEqual(results.tables[1]!.rows[0], {
    policy: "base",
    score: { value: 50.125, low: 48, high: null },
    note: null,
  });
  assert.deepEqual(
    results.figures.map(({ name, title }) => [name, title]),
    [
      ["02-scores", `Scores $& "of" all`],
      ["06-best-of-n", "Best of N"],
    ],
  );
  assert.deepEqual(results.runs, { [name]: { k: 4, seed: 3 } });
  buildAppendix({ ...session, runs: scratch(t) });
  assert.deepEqual(readResults(session).runs, results.runs, "made again where the run is not");
  assert.deepEqual(results.unrecorded, []);
});

test("the page stands alone: ids are unique, labels stay text, headers have scope, drawings a name", async (t) => {
  const session = fakeSession(t);
  await publishAll(session);
  const svg = path.join(session.figures, "02-scores.svg");
  writeFileSync(path.join(session.figures, "06-best-of-n.svg"), readFileSync(svg)); // every id twice
  const { sections } = buildAppendix(session);
  assert.deepEqual(
    sections.map(({ id, items }) => [id, items.map(({ kind, name }) => `${kind} ${name}`)]),
    [
      ["paper", ["table paper-vs-here"]],
      ["setting", ["table appendix-setting", "table 02-hyperparameters"]],
      ["02", ["table 02-scores", "figure 02-scores"]],
      ["06", ["figure 06-best-of-n"]],
    ],
  );
  assert.match(sections[2]!.title, /^02 · /);
  const page = readFileSync(path.join(session.figures, "appendix.html"), "utf8");
  const ids = [...page.matchAll(/<[^>]* id="([^"]+)"/g)].map(([, id]) => id!);
  assert.ok(ids.length > 20);
  assert.deepEqual(
    ids.filter((id, i) => ids.indexOf(id) !== i),
    [],
  );
  for (const [, id] of page.matchAll(/(?:href="#|url\(['"]?#)([^"')]+)/g))
    assert.ok(ids.includes(id!), `nothing has the id ${id}`);
  assert.ok(!page.includes("<script") && !page.includes("<img") && !/<[^>]* (src|(xlink:)?href)="(?!#)/.test(page));
  assert.equal(page.match(/<th /g)?.length, page.match(/<th scope="col"/g)?.length);
  assert.equal(page.match(/<svg role="img" aria-label="[^"]+"/g)?.length, 2);
  assert.ok(page.includes(`aria-label="Scores $&amp; &quot;of&quot; all"`) && page.includes("not stated"));
  assert.equal(page.match(/class="from">From preset smoke, seed 3, engine wasm/g)?.length, 5);
});

test("ids of a drawing and all that refers to them change together; text does not", () => {
  const drawing = (d: string, c: string): string =>
    [
      `<svg><defs id="${d}"><clipPath id="${c}"/></defs><use xlink:href="#${d}" href="#${d}"/>`,
      `<g clip-path="url(#${c})" style="fill: url('#${c}')" x="url(&quot;#${c}&quot;)"/>`,
      '<text> id="c" url(#c)</text></svg>',
    ].join("");
  assert.equal(ownIds(drawing("d", "c"), "p-"), drawing("p-d", "p-c"));
});

test("what an earlier run left is said to be from it; files without a record are left out and named", async (t) => {
  const session = fakeSession(t);
  await publishAll({ ...session, seed: 4 });
  publishTable(session, { ...scores, name: "01-mixing" });
  saveTable({ ...scores, name: "bench" }, session.figures);
  writeFileSync(path.join(session.figures, "05-topics.svg"), "<svg/>");
  const { warnings, sections } = buildAppendix(session);
  assert.deepEqual(warnings, [
    "From another run, at preset smoke, seed 4, engine wasm: 02-scores, 06-best-of-n.",
    "Left out, because nothing says which run they are from: 05-topics. Run their notebook again.",
  ]);
  assert.deepEqual(sections.at(-1), {
    id: "other",
    title: "Beside the notebooks",
    items: [
      {
        kind: "table",
        name: "bench",
        title: scores.caption,
        table: { ...scores, name: "bench" },
        from: "No run is recorded: made outside the notebooks.",
      },
    ],
  });
  assert.ok(
    readFileSync(path.join(session.figures, "appendix.html"), "utf8").includes("seed 4, engine wasm: 02-scores"),
  );
  assert.deepEqual(buildAppendix(session).warnings, warnings); // its own files are no part of it
});

test("nothing there: the setting is still shown; the notebook's contents link into the page", (t) => {
  const session = fakeSession(t);
  const appendix = buildAppendix(session);
  assert.deepEqual(
    appendix.sections.map(({ id }) => id),
    ["setting"],
  );
  assert.deepEqual(appendix.warnings, []);
  assert.match(
    contentsBundle(appendix).html!,
    /<a href="\.\.\/figures\/appendix\.html#setting">Setting and hyperparameters<\/a>: 2 tables<\/li>/,
  );
  assert.ok(
    settingTable(session).rows.every(
      ({ paper }) => paper === "not stated" || (typeof paper === "string" && /"|Table/.test(paper)),
    ),
  );
});

test("LaTeX: ASCII, files that are there, labels once each, everything closed; and pdflatex compiles it", async (t) => {
  const session = fakeSession(t);
  const { figures } = session;
  await publishAll(session);
  buildAppendix(session);
  const tex = readFileSync(path.join(figures, "appendix.tex"), "utf8");
  assert.ok(/^[\x20-\x7e\n]*$/.test(tex));
  const inputs = [...tex.matchAll(/\\input\{([^}]+)\}|\\includegraphics\[[^\]]*\]\{([^}]+)\}/g)].map(
    ([, input, image]) => (input ?? image)!,
  );
  assert.deepEqual(inputs, [
    "paper-vs-here.tex",
    "appendix-setting.tex",
    "02-hyperparameters.tex",
    "02-scores.tex",
    "02-scores.pdf",
    "06-best-of-n.pdf",
  ]);
  const all = [
    tex,
    ...inputs.filter((name) => name.endsWith(".tex")).map((name) => readFileSync(path.join(figures, name), "utf8")),
  ].join("\n");
  const labels = [...all.matchAll(/\\label\{([^}]+)\}/g)].map(([, label]) => label!);
  assert.deepEqual([...tex.matchAll(/\\ref\{([^}]+)\}/g)].map(([, label]) => label).sort(), labels.slice().sort());
  assert.equal(new Set(labels).size, inputs.length);
  if (!onPath("pdflatex")) return t.skip("no pdflatex on this machine");
  for (let pass = 0; pass < 2; pass++)
    execFileSync("pdflatex", ["-interaction=nonstopmode", "-halt-on-error", "appendix.tex"], {
      cwd: figures,
      stdio: "pipe",
    });
  const log = readFileSync(path.join(figures, "appendix.log"), "latin1");
  assert.ok(!/undefined|Too many unprocessed/.test(log), log.slice(-2000));
  assert.ok(existsSync(path.join(figures, "appendix.pdf")));
});

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(path.delimiter).some((dir) => existsSync(path.join(dir, program)));
}

test("tables and figures come as their notebook published them, and README.md shows them to GitHub", async (t) => {
  const session = fakeSession(t);
  publishTable(session, { ...scores, name: "02-z" });
  publishTable(session, { ...scores, name: "02-a" });
  await publishAll(session, { runs: [] });
  const { sections } = buildAppendix(session);
  const names = sections.flatMap(({ items }) => items.map(({ name }) => name)).filter((name) => /^02-[az]$/.test(name));
  assert.deepEqual(names, ["02-z", "02-a"]);
  const page = readFileSync(path.join(session.figures, "README.md"), "utf8");
  assert.match(page, /\]\(02-z\.md\)[^]*\]\(02-a\.md\)/);
  assert.match(page, /!\[[^\n]*\]\(06-best-of-n\.svg\)/);
  assert.doesNotMatch(page, /<img/, "hostile titles are text");
});
