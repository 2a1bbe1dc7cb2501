/** Accuracy by relation from known answers: of whom before, of whom after, and which way the gain goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { relationFigure } from "../../lib/evaluation/charts";
import { decomposeGain } from "../../lib/evaluation/relationAccuracy";
import { answersOf } from "../../lib/lab/candidates";
import { trainedPolicy } from "../../lib/lab/experiment";
import { evaluationQuestions } from "../../lib/lab/questions";
import { runArms } from "../../lib/lab/runArms";
import { policiesOf, relationGains, relationsOf } from "../../lib/paper/relations";
import { maskArms } from "../../lib/paper/table2";
import { loadAtlas } from "../../lib/world/atlas";
import { RELATIONS, truths, type RelationName } from "../../lib/world/relation";
import { assertMarks, assertNear, computed, knownSession } from "./known";
import { keepAnswers } from "./knownAnswers";

test("before is the base, after is Mask-DPO, at the same seeds, and alignment gains where it does", async (t) => {
  const session = knownSession(t, loadAtlas());
  const { paper } = maskArms(session);
  computed(session, [paper], () => ({ score: 50, facts: 20 }));
  const { maskDpo } = await runArms(session, { maskDpo: paper });
  const policies = policiesOf(session, maskDpo);
  const seeds = [1, 2, 3];
  assert.deepEqual(
    policies.before,
    seeds.map((seed) => ({ dir: session.baseDir, seed })),
  );
  assert.deepEqual(
    policies.after,
    maskDpo.results.map(({ experiment }, i) => ({ dir: trainedPolicy(session, experiment), seed: seeds[i] })),
  );

  const { evaluationQuestions: count, samples } = session.preset;
  const questions = evaluationQuestions(session, "test", count);
  /** The continent is right in one of two answers before and in both after, the language always. */
  const state = (id: string, relation: RelationName, right: boolean) =>
    RELATIONS[relation].wordings[0]!.replace("{v}", right ? truths(relation, session.atlas.topic(id))![0]! : "nothing");
  for (const [when, dirs] of Object.entries(policies)) {
    for (const { dir, seed } of dirs) {
      const own = { ...session, seed };
      const ask = () => answersOf(own, dir, "test", "sampled");
      await keepAnswers(own, ask, questions, samples, ({ topic }, index) => {
        const continent = state(topic, "continent", when === "after" || index === 0);
        return `${continent} ${state(topic, "language", true)}`;
      });
    }
  }
  const [before, after] = [await relationsOf(session, policies.before), await relationsOf(session, policies.after)];
  const shown = (relations: typeof before) =>
    Object.fromEntries(
      relations.rows.map(({ relation, accuracy, statements }) => [relation, [accuracy.value, statements]]),
    );
  const all = questions.length * samples * seeds.length;
  assert.deepEqual(shown(before), { language: [1, all], continent: [0.5, all] });
  assert.deepEqual(shown(after), { language: [1, all], continent: [1, all] });
  assert.deepEqual([before.runs.length, after.runs.length], [3, 3]);
  assert.ok(after.runs.every((run) => !before.runs.includes(run)));
  const gains = await relationGains(session, policies);
  assert.deepEqual(
    new Map([...gains].map(([relation, { value }]) => [relation, value])),
    new Map([
      ["continent", 0.5],
      ["language", 0],
    ]),
  );
  const figure = relationFigure(before.rows, after.rows, gains);
  assert.deepEqual(figure.layout.yaxis!.ticktext, ["official language", "continent"]);
  assertMarks(figure, 0, "base", [100, 50]);
  assertMarks(figure, 0, "Mask-DPO", [100, 100]);
  assertMarks(figure, 1, "difference", [0, 50]);
  const gain = decomposeGain(before.rows, after.rows);
  assertNear(gain.accuracy, 0.25, "from being right more often");
  assertNear(gain.choice, 0, "from stating other relations");
});
