/** What the page of a report says first, and the answers it shows. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { readJsonl } from "../../../lib/base/jsonl";
import { Rng } from "../../../lib/base/rng";
import { comparePolicies } from "../../../lib/evaluation/compare";
import { annotatedCandidateSchema } from "../../../lib/factuality/records";
import { writeReport } from "../../../lib/steps/report/report";
import { headline, type Scores } from "../../../lib/steps/report/scores";
import { writePairs } from "../../cli/data";
import { folder, questions } from "./answersFolder";

test("the answer comes first, made from the numbers; then warnings; answers side by side; the way on", async (t) => {
  const { at, named, request } = folder(t);
  const pairs = writePairs(at("pairs.jsonl"), 4);
  const asked = { ...request, answers: named("base", "mask"), sampled: [], pairs };
  const { headline: said, warnings } = await writeReport(asked);
  const page = () => new JSDOM(readFileSync(at("report/report.html"), "utf8")).window.document;
  const document = page();
  const lead = [...document.querySelectorAll("header p")].map((p) => p.textContent);
  assert.deepEqual(lead.slice(0, 1 + warnings.length), [...said, ...warnings]);
  const read = (name: string) => readJsonl(at(name), annotatedCandidateSchema);
  const { score } = comparePolicies(read("mask.jsonl"), read("base.jsonl"), questions, new Rng(1));
  const [before, after] = [score.b, score.a].map((value) => (100 * value).toFixed(1));
  assert.match(said[0]!, new RegExp(`^mask .+ from ${before} to ${after} % \\(\\+`));

  const shown = [...document.querySelectorAll("#answers-answers h3")].map((h3) => h3.textContent);
  assert.ok(
    shown.length >= 3 && shown.length <= 6 && shown.some((text) => text.endsWith("much was won")),
    shown.join(),
  );
  for (const side of document.querySelectorAll("#answers-answers .side")) {
    assert.deepEqual(
      [...side.querySelectorAll("h4")].map((h4) => h4.textContent.split(":")[0]),
      ["base", "mask"],
    );
    for (const [h4, p] of [...side.children].map(({ children }) => [children[0]!, children[1]!])) {
      const right = [...p!.querySelectorAll("b")].filter((badge) => "SN".includes(badge.textContent)).length;
      assert.ok(h4!.textContent.endsWith(`: ${right} of 3 sentences without hallucination`), h4!.textContent);
    }
  }
  const command = document.querySelector("header code")!.textContent;
  assert.match(command, /^node lib\/cli\/mask-dpo\.mjs inspect --pairs .+pairs\.jsonl --model .+ --out .+pairs\.html$/);
  writeFileSync(at("pairs.html"), "");
  await writeReport(asked);
  assert.equal(page().querySelector("header a")!.getAttribute("href"), "../pairs.html");
});

test("a difference is said to be shown only where its interval leaves 0 out", () => {
  const score = (value: number, low: number, high: number) => ({ value, low, high, a: 0.5 + value, b: 0.5, p: 0.1 });
  const said = (...of: [number, number, number]): string =>
    headline({
      sets: [],
      evaluated: [],
      differences: [{ label: "m", comparison: { topics: 2, score: score(...of), macroScore: score(...of) } }],
    } satisfies Scores)[0]!;
  const what = "the share of sentences without hallucination";
  assert.equal(said(0.065, 0.031, 0.1), `m raised ${what} from 50.0 to 56.5 % (+6.5 points [3.1, 10.0]).`);
  assert.equal(said(-0.065, -0.1, -0.031), `m lowered ${what} from 50.0 to 43.5 % (-6.5 points [-10.0, -3.1]).`);
  assert.equal(
    said(0.065, -0.01, 0.1),
    `m is not shown to change ${what}: from 50.0 to 56.5 % (+6.5 points [-1.0, 10.0]).`,
  );
});
