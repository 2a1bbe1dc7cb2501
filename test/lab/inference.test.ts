/** Methods at inference: what each does with answers that are known, and on Atlas's base as small as it goes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setProgressRenderer } from "../../lib/base/progress";
import { Rng } from "../../lib/base/rng";
import type { Annotator } from "../../lib/factuality/annotator";
import type { AnnotatedCandidate, Question } from "../../lib/factuality/records";
import { factualityScore } from "../../lib/factuality/score";
import { extracted, isRight, probedFacts, promptsOfFact } from "../../lib/lab/inference/extraction";
import { choices, chosenDocument, trainRanker, type RankerRow } from "../../lib/lab/inference/ranker";
import {
  answerBy,
  answersBehind,
  documentsFor,
  featuresOf,
  rankerOf,
  rewardsOf,
  type Behind,
  type Retrieval,
} from "../../lib/lab/inference/retrieval";
import { search, searchedAnswers, searches, type Sample } from "../../lib/lab/inference/search";
import { preset } from "../../lib/lab/preset";
import { openSession, type Session } from "../../lib/lab/session";
import { splitSentences } from "../../lib/text/sentence";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasAnnotator } from "../../lib/world/oracle";
import { truths } from "../../lib/world/relation";

const runs = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
const atlas = loadAtlas();
let session: Session;
before(async () => {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));
  const smoke = { ...preset("smoke"), topics: 4, evaluationQuestions: 3, bestOfQuestions: 2 };
  session = { ...(await openSession({ preset: "smoke", seed: 1 })), runs, preset: smoke };
});
after(() => rmSync(runs, { recursive: true }));

/** Sentences of one word: "right." or "wrong." */
const byWord: Annotator = {
  name: "by word",
  annotate: (_, completion) =>
    splitSentences(completion).map(({ start, end }) => ({
      start,
      end,
      verdict: completion.slice(start, end).startsWith("Right") ? "supported" : "contradictory",
    })),
};
const questions: Question[] = ["a", "b"].map((id) => ({ id, topic: id, prompt: [{ role: "user", content: "?" }] }));

test("search: each kind keeps what it says of the best so far, and takes as many samples", async () => {
  const asked: Record<string, { begun: string; k: number; short: boolean }[]> = {};
  const scripted =
    (kind: string): Sample =>
    (starts, k, short) => {
      asked[kind] = [...(asked[kind] ?? []), ...starts.map(({ begun }) => ({ begun, k, short }))];
      return Promise.resolve(
        starts.map(({ begun }) =>
          Array.from({ length: k }, (_, i) => {
            if (begun === "") return i === 1 ? "Right one. Wrong two. Right three." : "Wrong one. Wrong two.";
            return i === 0 ? " Right four. Wrong five." : " Wrong six.";
          }),
        ),
      );
    };
  const found: Record<string, AnnotatedCandidate[]> = {};
  for (const kind of searches)
    found[kind] = await search(scripted(kind), byWord, questions, kind, { samples: 2, rounds: 1 });
  const text = (kind: string) => found[kind]!.map(({ completion }) => completion);
  assert.deepEqual(text("fresh"), Array(2).fill("Right one. Wrong two. Right three."));
  assert.deepEqual(text("rest"), Array(2).fill("Right one. Wrong two. Right three."), "2 of 3 is as good");
  assert.deepEqual(text("sentence"), Array(2).fill("Right one. Right four. Right three."), "and what follows stays");
  assert.deepEqual(
    asked["rest"]!.map(({ begun, short }) => [begun, short]),
    [
      ["", false],
      ["", false],
      ["Right one.", false],
      ["Right one.", false],
    ],
  );
  assert.ok(asked["sentence"]!.slice(2).every(({ begun, short }) => begun === "Right one." && short));
  assert.ok(Object.values(asked).every((rows) => rows.length === 4 && rows.every(({ k }) => k === 2)));
  const begun: number[] = [];
  const perfect: Sample = (starts, k) => {
    begun.push(starts.length);
    return Promise.resolve(starts.map(() => Array<string>(k).fill("Right.")));
  };
  const best = await search(perfect, byWord, questions, "rest", { samples: 2, rounds: 3 });
  assert.ok(best.every(({ sentences }) => factualityScore(sentences) === 1));
  assert.deepEqual(begun, [2, 0, 0, 0], "an answer without fault is left alone");
});

test("search on the base: no rounds is best of N; scores never fall with rounds; computed once", async () => {
  const at = (kind: (typeof searches)[number], rounds: number) =>
    searchedAnswers(session, session.baseDir, kind, { samples: 2, rounds });
  const [fresh, rest] = [await at("fresh", 0), await at("rest", 0)];
  assert.deepEqual(fresh.answers, rest.answers);
  const scores = ({ answers }: typeof fresh) => answers.map(({ sentences }) => factualityScore(sentences)!);
  for (const kind of searches) {
    const more = await at(kind, 1);
    scores(more).forEach((score, i) => assert.ok(score >= scores(fresh)[i]!, kind));
    assert.deepEqual(await at(kind, 1), more);
  }
  assert.notDeepEqual((await at("rest", 1)).runs, (await at("sentence", 1)).runs);
});

test("the grammar: as many prompts a fact, the plain one first, none holds the value", () => {
  const topics = atlas.splits.test.slice(0, 12).map(({ topic }) => topic);
  const facts = probedFacts(atlas, topics, 1);
  assert.ok(facts.length > 12 * 15, `${facts.length} facts`);
  for (const { topic, relation, prompts } of facts) {
    assert.equal(prompts.length, promptsOfFact);
    assert.equal(new Set(prompts.map(({ prompt, begun }) => prompt[0]!.content + begun)).size, promptsOfFact);
    assert.doesNotMatch(prompts[0]!.begun, /\./, "no hint");
    const [value] = truths(relation, atlas.topic(topic))!;
    for (const { prompt, begun } of prompts) {
      assert.ok(!`${prompt[0]!.content} ${begun}`.includes(value!), `${begun} holds ${value}`);
      assert.ok(isRight(atlas, { topic, relation }, begun, completed(relation, begun, value!)), begun);
    }
  }
  const hinted = facts.flatMap(({ prompts }) => prompts).filter(({ begun }) => begun.includes(". "));
  assert.ok(hinted.length > facts.length);
  assert.deepEqual(probedFacts(atlas, topics, 1), facts);
});

/** What would follow a beginning, were it right. */
function completed(relation: string, begun: string, value: string): string {
  const after: Record<string, string> = { greenwich: " of Greenwich", day: " hours", near: "", nearKm: " away" };
  const people = relation === "population" && /It has$/.test(begun) ? " people" : "";
  const capital = relation === "capitalKm" ? " from the capital" : "";
  return ` ${value}${after[relation] ?? ""}${people}${capital}. It is worth a visit.`;
}

test("extraction: right only if the sentence that was begun says the fact; on the base computed once", async () => {
  const city = atlas.splits.test.find(({ topic }) => atlas.topic(topic).country.name !== "France")!;
  const { country } = atlas.topic(city.topic);
  const fact = { topic: city.topic, relation: "country" as const };
  assert.ok(isRight(atlas, fact, "The continent is Asia. Its country is", ` ${country.name}.`));
  assert.ok(!isRight(atlas, fact, "Its country is", " France."));
  assert.ok(!isRight(atlas, fact, "Its country is", ` ${country.name}`), "no end");
  assert.ok(!isRight(atlas, fact, "Its country is", ` France. Its country is ${country.name}.`), "the first counts");
  const once = await extracted(session, session.baseDir);
  assert.ok(once.facts.some(({ right }) => right.some(Boolean)) && once.facts.some(({ right }) => !right[0]));
  assert.deepEqual(await extracted({ ...session, seed: 5 }, session.baseDir), once, "the same for every seed");
});

test("ranker: takes what helps, leaves what harms, and no document where none helps", () => {
  const rng = new Rng("ranker");
  const rows = Array.from({ length: 60 }, (): RankerRow => {
    const features = Array.from({ length: 4 }, () => [rng.normal(), rng.normal()]);
    return { features, rewards: features.map(([first]) => (first! > 0.3 ? 1 : -1)) };
  });
  const ranker = trainRanker(rows);
  assert.ok(ranker.weights[0]! > 3 * Math.abs(ranker.weights[1]!));
  assert.equal(
    chosenDocument(ranker, [
      [0.5, 3],
      [2, -3],
      [-1, 0],
    ]),
    1,
  );
  assert.equal(chosenDocument(ranker, [[-2, 0]]), undefined);
  assert.equal(chosenDocument(ranker, []), undefined);
  const odds = choices(ranker, [[1, 0]]);
  assert.ok(Math.abs(odds[0]! + odds[1]! - 1) < 1e-12);
  const untrained = trainRanker(rows.map(({ features }) => ({ features, rewards: features.map(() => 0) })));
  assert.deepEqual([...untrained.weights, untrained.bias], [0, 0, 0], "without rewards nothing is learnt");
});

test("documents: nearest topics first, then others, each of training topics and true", () => {
  const training = [...new Set(atlas.splits.train.slice(0, 60).map(({ topic }) => topic))];
  const asked = atlas.splits.test.slice(0, 5);
  const place = new Map(atlas.topics.map(({ id }, i) => [id, [i]]));
  const found = documentsFor(atlas, asked, training, place, new Rng(1));
  const at = (id: string): number => place.get(id)![0]!;
  found.forEach((documents, q) => {
    assert.equal(documents.length, 12);
    const away = documents.map(({ topic }) => Math.abs(at(topic) - at(asked[q]!.topic)));
    assert.deepEqual(
      away.slice(0, 6),
      training
        .map((id) => Math.abs(at(id) - at(asked[q]!.topic)))
        .sort((a, b) => a - b)
        .slice(0, 6),
    );
    assert.deepEqual(
      away,
      documents.map(({ distance }) => distance),
    );
    assert.equal(new Set(documents.map(({ topic }) => topic)).size, 12);
    for (const { topic, document } of documents) {
      const judged = atlasAnnotator(atlas).annotate({ ...asked[q]!, topic }, document);
      assert.ok(
        (judged as { verdict: string }[]).every(({ verdict }) => verdict === "supported"),
        document,
      );
    }
  });
});

test("retrieval on the base: each way its answer, rewards against none, features of what was said", async () => {
  const { value: behind } = await answersBehind(session, "test");
  const ranker = rankerOf((await answersBehind(session, "validation")).value);
  assert.equal(behind.length, 3);
  for (const row of behind) {
    const said = (how: Retrieval) => answerBy(how, row, ranker);
    assert.equal(row.documents.length, 4);
    assert.equal(said("none"), row.none);
    assert.equal(said("oracle"), row.oracle);
    assert.equal(said("near"), row.documents[0]!.answer);
    assert.equal(said("random"), row.documents[2]!.answer);
    assert.ok([row.none, ...row.documents.map(({ answer }) => answer)].includes(said("ranked")));
    rewardsOf(row).forEach((reward, i) => {
      const [own, none] = [row.documents[i]!.answer, row.none].map(({ sentences }) => factualityScore(sentences) ?? 0);
      assert.equal(reward, Math.sign(own! - none!));
    });
  }
  const judged = (completion: string): AnnotatedCandidate => ({
    questionId: "q",
    index: 0,
    completion,
    seed: 1,
    sentences: [],
  });
  const row: Behind = {
    question: behind[0]!.question,
    none: judged("Its continent is Asia. Its country is Japan."),
    oracle: judged(""),
    documents: [
      {
        retrieved: {
          topic: "t",
          document: "The continent is Asia. It belongs to China. It has 3 people.",
          distance: 2,
        },
        answer: judged(""),
      },
    ],
  };
  assert.deepEqual(featuresOf(row), [[-2, -0, 1, -1]]);
});
