/** The atlas of hallucinations from known answers: whose facts, how often, and which arrows of many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateMenu } from "plotly.js";
import type { Answered } from "../../lib/lab/candidates";
import { hallucinationAtlas } from "../../lib/paper/atlasOfHallucinations";
import { figureTitle } from "../../lib/show/figure/html";
import { borrowedFacts } from "../../lib/topic/borrowedFacts";
import { wrongStatements } from "../../lib/topic/wrongStatements";
import { loadAtlas } from "../../lib/world/atlas";
import { annotateCandidates } from "../../lib/factuality/annotator";
import { distanceKm } from "../../lib/world/geography";
import { atlasAnnotator } from "../../lib/world/oracle";
import { truths } from "../../lib/world/relation";

const atlas = loadAtlas();
const placeOf = (id: string) => atlas.topic(id).city ?? atlas.topic(id).country;

/** @param completions of each question */
async function answered(questions: Answered["questions"], completions: (topic: string) => string[]): Promise<Answered> {
  const rows = questions.flatMap(({ id, topic }) =>
    completions(topic).map((completion, index) => ({ questionId: id, index, completion, seed: 1 })),
  );
  return { questions, answers: await annotateCandidates(rows, questions, atlasAnnotator(atlas)), runs: [] };
}

test("u is the nearest topic of which the statement is true, and what is true of none is no arrow", async () => {
  const questions = atlas.splits.test.filter(({ topic }) => atlas.topic(topic).country.name !== "Austria").slice(0, 20);
  const { answers } = await answered(questions, () => [
    "Its country is Austria. Its country is Atlantis.",
    "Its country is Austria.",
  ]);
  const facts = borrowedFacts(atlas, wrongStatements(atlas, questions, answers));
  assert.equal(facts.length, 20);
  const holders = atlas.topics.filter((topic) => truths("country", topic)?.includes("Austria"));
  assert.ok(holders.length > 1);
  for (const { from, to, relation, value, count } of facts) {
    assert.deepEqual([relation, value, count], ["country", "Austria", 2]);
    const km = holders.map(({ id }) => distanceKm(placeOf(from), placeOf(id)));
    assert.ok(Math.abs(distanceKm(placeOf(from), placeOf(to)) - Math.min(...km)) < 1e-6, `${from} to ${to}`);
    assert.ok(holders.some(({ id }) => id === to));
  }
});

test("counts before and after stand beside the maps, relations by names, and rarer arrows go", async () => {
  const questions = atlas.splits.test.slice(0, 88);
  const countries = [...new Set(atlas.topics.map(({ country }) => country.name))];
  const wrong = (topic: string, i: number) =>
    `Its country is ${countries.filter((name) => name !== atlas.topic(topic).country.name)[i]}.`;
  /** Two wrong countries once each, so that there are more arrows than a map has room for, and a third three times. */
  const before = await answered(questions, (topic) => [0, 50, 100, 100, 100].map((i) => wrong(topic, i)));
  const after = await answered(questions, (topic) =>
    [0, 1, 2, 3, 4].map((i) => `${wrong(topic, 3)}${i === 0 ? " It has 200 thousand people." : ""}`),
  );
  const figure = hallucinationAtlas({ atlas }, before, after);
  const texts = figure.layout.annotations!.map(({ text }) => text!);
  assert.match(texts[0]!, /^Before: base policy\. 440 borrowed facts in 440 answers, half of them from within \d+ km$/);
  assert.match(texts[1]!, /^After: Mask-DPO\. [45]\d{2} borrowed facts in 440 answers/);
  const labels = (figure.layout.updatemenus as UpdateMenu[])[0]!.buttons.map(({ label }) => label!);
  assert.match(labels[0]!, /^all relations: 440 before, [45]\d{2} after; shown from 2 times on$/);
  assert.equal(labels[1], "country: 440 before, 440 after; shown from 2 times on");
  assert.match(labels[2]!, /^population: 0 before, \d+ after$/);
  const shown = (figure.data as { marker?: { symbol?: string }; text?: string[]; visible?: boolean }[])
    .filter(({ marker, visible }) => marker?.symbol === "arrow" && visible)
    .map(({ text }) => text!);
  assert.ok(shown[0]!.length >= 88 && shown[0]!.every((text) => text.endsWith(" (3)")), "only those of three");
  assert.match(shown[1]![0]!, /^<b>.* → .*<\/b><br>country: .* \(5\)/);
  assert.match(figureTitle(figure), /^Atlas of hallucinations.*88 test questions.*2 times or more.*Natural Earth/);
});

test("more arrows that are taken equally often than there is room for are all there", async () => {
  const questions = [...atlas.splits.test];
  const same = await answered(questions, (topic) => [
    atlas.topic(topic).country.name === "Brazil" ? "Its country is Peru." : "Its country is Brazil.",
  ]);
  const figure = hallucinationAtlas({ atlas }, same, same);
  const [{ label }] = (figure.layout.updatemenus as UpdateMenu[])[0]!.buttons as [{ label: string }];
  assert.equal(label, `all relations: ${questions.length} before, ${questions.length} after`);
});
