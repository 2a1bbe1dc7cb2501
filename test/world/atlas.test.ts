import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { sha256File } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { questionSchema } from "../../lib/factuality/records";
import { atlasFrom, loadAtlas } from "../../lib/world/atlas";
import { slug } from "../../lib/text/slug";
import { buildFacts } from "../../lib/world/buildFacts";
import { atlasFolder } from "../../lib/world/facts";
import { CITY_KINDS, KINDS } from "../../lib/world/question";
import type { Split } from "../../lib/world/question";
import { pretrainingDocuments, renderAnswer, writeCorpus } from "../../lib/world/render";

const atlas = loadAtlas();
const SPLITS: Split[] = ["train", "validation", "test", "ood"];

function inFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), "atlas-"));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the counts are the paper's", () => {
  assert.deepEqual(
    SPLITS.map((split) => atlas.splits[split].length),
    [8046, 177, 177, 183],
  );
  assert.deepEqual(
    SPLITS.map((split) => new Set(atlas.splits[split].map(({ topic }) => topic)).size),
    [2682, 177, 177, 183],
  );
  assert.equal(atlas.topics.length, 2682 + 177 + 177 + 183);
  for (const split of ["train", "validation", "test"] as const) {
    for (const kind of CITY_KINDS)
      assert.equal(
        atlas.splits[split].filter(({ id }) => id.endsWith(`:${kind}`)).length,
        atlas.splits[split].length / 3,
      );
  }
});

test("splits share neither topics, nor prompts, nor wordings; question ids are unique and readable", () => {
  const all = SPLITS.flatMap((split) =>
    atlas.splits[split].map((question) => ({ split, question: questionSchema.parse(question) })),
  );
  assert.equal(new Set(all.map(({ question }) => question.id)).size, all.length);
  assert.ok(all.every(({ question }) => /^[a-z0-9-]+:(place|people|nation|country)$/.test(question.id)));
  const splitsOf = new Map<string, Set<Split>>();
  for (const { split, question } of all) {
    const wording = question.prompt[0]!.content.replace(atlas.topic(question.topic).name, "{x}");
    for (const key of [`topic ${question.topic}`, `wording ${wording}`])
      splitsOf.set(key, (splitsOf.get(key) ?? new Set()).add(split));
  }
  for (const [key, splits] of splitsOf) assert.equal(splits.size, 1, key);
});

test("topics are cities with unique names and no city bears a country's name", () => {
  const names = atlas.topics.map(({ name }) => slug(name));
  assert.equal(new Set(names).size, names.length);
  const perCountry = new Map<string, number>();
  for (const { city } of atlas.topics) if (city) perCountry.set(city.country, (perCountry.get(city.country) ?? 0) + 1);
  assert.equal(Math.max(...perCountry.values()), 110);
});

test("the committed facts are what the script writes", () => {
  inFolder((folder) => {
    assert.deepEqual(buildFacts(folder), { countries: 241, cities: 3036 });
    for (const file of ["countries.jsonl", "cities.jsonl"])
      assert.equal(sha256File(path.join(folder, file)), sha256File(path.join(atlasFolder, file)), file);
  });
});

test("the README's hashes are those of the files beside it", () => {
  const rows = [
    ...readFileSync(path.join(atlasFolder, "README.md"), "utf8").matchAll(/^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$/gm),
  ];
  assert.ok(rows.length >= 5);
  for (const [, file, hash] of rows) assert.equal(sha256File(path.join(atlasFolder, file!)), hash, file);
});

test("bad facts name file and line", () => {
  inFolder((folder) => {
    cpSync(path.join(atlasFolder, "countries.jsonl"), path.join(folder, "countries.jsonl"));
    const rows = readFileSync(path.join(atlasFolder, "cities.jsonl"), "utf8").split("\n");
    writeFileSync(path.join(folder, "cities.jsonl"), [rows[0], rows[1]!.replace('"rank":1', '"rank":0')].join("\n"));
    assert.throws(() => atlasFrom(folder), /cities\.jsonl:2: expected a valid "rank"/);
    writeFileSync(path.join(folder, "cities.jsonl"), rows[0]!.replace('"country":"CN"', '"country":"ZZ"'));
    assert.throws(() => atlasFrom(folder), /country code of countries\.jsonl for shanghai, got "ZZ"/);
  });
});

test("answers hold 8 to 10 facts, a quarter a no-fact sentence, and no favourite opening", () => {
  const rng = new Rng("answers");
  const topic = atlas.topic("kyoto");
  const counts = new Map<number, number>();
  const openings = new Set<string>();
  for (let i = 0; i < 4000; i++) {
    const sentences = renderAnswer(topic, "people", rng).split(". ");
    counts.set(sentences.length, (counts.get(sentences.length) ?? 0) + 1);
    openings.add(sentences[0]!);
  }
  const share = (n: number): number => (counts.get(n) ?? 0) / 4000;
  assert.deepEqual(
    [...counts.keys()].sort((a, b) => a - b),
    [8, 9, 10, 11],
  );
  // 8: no no-fact sentence; 11: ten facts and one. 3 standard errors are 0.02.
  assert.ok(Math.abs(share(8) - 0.25) < 0.021 && Math.abs(share(11) - 1 / 12) < 0.014);
  assert.ok(openings.size > KINDS.people.relations.length);
});

test("pretraining exposure follows population^0.7, with 8 % countries, all kinds and all wordings", () => {
  const rng = new Rng("exposure");
  const draw = pretrainingDocuments(atlas);
  const documents = Array.from({ length: 30_000 }, () => draw(rng));
  const cities = atlas.topics.filter(({ city }) => city);
  const weight = (id: string): number => atlas.topic(id).city!.population ** 0.7;
  const total = cities.reduce((sum, { id }) => sum + weight(id), 0);
  const head = cities.slice(0, 100).map(({ id }) => id);
  const expected = (0.92 * head.reduce((sum, id) => sum + weight(id), 0)) / total;
  const shareOf = (test: (topicId: string) => boolean): number =>
    documents.filter(({ topicId }) => test(topicId)).length / documents.length;
  const heads = new Set(head);
  assert.ok(Math.abs(shareOf((id) => heads.has(id)) - expected) < 3 * Math.sqrt((expected * (1 - expected)) / 30_000));
  assert.ok(Math.abs(shareOf((id) => atlas.topic(id).kind === "country") - 0.08) < 0.005);
  const wordings = new Set(
    documents.map(({ prompt, topicId }) => prompt[0]!.content.replace(atlas.topic(topicId).name, "{x}")),
  );
  assert.equal(wordings.size, Object.values(KINDS).flatMap(({ prompts }) => Object.values(prompts).flat()).length);
});

test("the same seed gives the same documents and corpus", () => {
  const documents = (seed: string) => {
    const rng = new Rng(seed);
    const draw = pretrainingDocuments(atlas);
    return Array.from({ length: 20 }, () => draw(rng));
  };
  assert.deepEqual(documents("a"), documents("a"));
  assert.notDeepEqual(documents("a"), documents("b"));
  inFolder((folder) => {
    const file = path.join(folder, "corpus.txt");
    writeCorpus(atlas, file, new Rng("a"), 20);
    const expected = documents("a")
      .map(({ prompt, completion }) => `${prompt[0]!.content}\n${completion}\n`)
      .join("");
    assert.equal(readFileSync(file, "utf8"), expected);
  });
});
