/** The phase diagram from known answers: every cell its two arms, and what a noisy annotator makes of pairs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hashOf } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { folderName } from "../../lib/base/runFolder";
import { codeVersions } from "../../lib/base/codeVersions";
import { noisyAnnotator } from "../../lib/factuality/noise";
import { isHallucination } from "../../lib/factuality/verdict";
import { pairsRun } from "../../lib/lab/pairSource";
import { trainingTopics } from "../../lib/lab/questions";
import { policyArm } from "../../lib/lab/runArms";
import { shippedHash } from "../../lib/lab/session";
import { experimentOf } from "../../lib/lab/study";
import { phaseArms, phaseFigure, phaseNumbers, phaseTable, runPhase, study } from "../../lib/paper/phase";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasAnnotator } from "../../lib/world/oracle";
import { renderAnswer } from "../../lib/world/render";
import { assertInterval, computed, knownSession, seedCounts, shipped } from "./known";

/** The mask's lead falls with errors, and turns at the largest. */
const lead = (k: number, error: number): number => 12 / k - (error === 0.3 ? 7 : 10 * error);
const dpo = (k: number, error: number): number => 50 + k - 20 * error;

test("cells: the lead at each K and error, mixing by the exact annotator, starred where it holds", async (t) => {
  const phase = { candidates: [2, 4], errors: [0, 0.05, 0.15, 0.3] };
  const known = knownSession(t);
  const session = { ...known, preset: { ...known.preset, phase } };
  assert.equal(study.arms(session).length, 2 * 2 * phase.errors.length);
  computed(
    session,
    Object.values(phaseArms(session)),
    ({ mask, pairs: { k, error = 0 } }) => {
      const score = dpo(k, error) + (mask === "paper" ? lead(k, error) : 0);
      return { score, facts: score - 10 };
    },
    ({ pairs: { k, error = 0 } }) => ({ wrongInChosen: 0.5 - k / 20 + error }),
  );
  shipped(session, () => ({ score: 40, facts: 30 }));
  const cells = await runPhase(session);
  const expected = [2, 4].flatMap((k) => phase.errors.map((error) => ({ k, error })));
  assert.deepEqual(
    cells.map(({ k, error }) => ({ k, error })),
    expected,
  );
  for (const { k, error, lead: own, wrongInChosen } of cells) {
    assertInterval(own, lead(k, error), `K = ${k}, ${error}`);
    assert.equal(wrongInChosen, 0.5 - k / 20, "not as a noisy annotator sees it");
  }
  const base = await policyArm(session, "base", "base", "test sampled", seedCounts.seeds);
  phaseTable(session, cells, base).rows.forEach((row, i) => {
    const { k, error } = expected[i]!;
    assertInterval(row["lead"], lead(k, error), "lead");
    assertInterval(row["none"], dpo(k, error), "DPO");
    assertInterval(row["gain"], dpo(k, error) + lead(k, error) - 40, "gain");
  });
  const { data, layout } = phaseFigure(cells);
  const texts = (data[0] as { text: string[] }).text;
  const stars = [4, 2].flatMap((k) => phase.errors.map((error) => lead(k, error) > 0));
  assert.deepEqual(
    texts.map((text) => text.includes("*")),
    stars,
    "most candidates, least mixed, at the bottom",
  );
  assert.match(texts[0]!, /^<b>\+3\.0 \*<\/b><br>\+\d\.\d to \+\d\.\d$/);
  assert.equal(layout.shapes!.length, texts.length);
  assert.ok(/rgba\(0, 114, 178/.test(String(layout.shapes![0]!.fillcolor)));
  assert.ok(/rgba\(230, 159, 0/.test(String(layout.shapes![3]!.fillcolor)), "below 0");
  assert.deepEqual((layout.yaxis as { ticktext: string[] }).ticktext, ["30 (K = 4)", "40 (K = 2)"]);
  assert.deepEqual(
    phaseNumbers(cells).map(({ what, verdict }) => [what.match(/\d+(?= %)/)![0], verdict]),
    [
      ["5", "shown"],
      ["15", "shown"],
      ["30", "not shown"],
    ],
  );
});

test("keys: pairs of an annotator without error as they were, others apart by its error", (t) => {
  const session = knownSession(t, loadAtlas());
  const source = experimentOf(session, 1, {}).pairs;
  const { document, annotator, k } = source;
  const expected = {
    author: shippedHash(session, "base"),
    ...{ document, annotator, k, candidates: session.preset.candidates },
    questions: hashOf(trainingTopics(session).flat()),
    ...{ seed: 1, engine: "none" },
    code: codeVersions("sampling", "annotation", "pairs"),
  };
  assert.equal(pairsRun(session, source), folderName("pairs", expected));
  const names = [source, { ...source, error: 0.1 }, { ...source, error: 0.2 }].map((own) => pairsRun(session, own));
  assert.equal(new Set(names).size, 3);
});

test("a noisy annotator: so many sentences for the opposite, the same statement always alike", async () => {
  const atlas = loadAtlas();
  const exact = atlasAnnotator(atlas);
  const questions = atlas.splits.train.slice(0, 200);
  const judge = (error: number, seed = 1) => noisyAnnotator(exact, error, new Rng(seed));
  let [flips, all] = [0, 0];
  for (const question of questions) {
    const text = renderAnswer(atlas.topic(question.topic), "place", new Rng(question.id));
    const [own, noisy] = [await exact.annotate(question, text), await judge(0.15).annotate(question, text)];
    own.forEach(({ start, end, verdict }, i) => {
      assert.deepEqual([noisy[i]!.start, noisy[i]!.end], [start, end]);
      all++;
      if (isHallucination(verdict) !== isHallucination(noisy[i]!.verdict)) flips++;
      else assert.equal(noisy[i]!.verdict, verdict);
    });
  }
  assert.ok(Math.abs(flips / all - 0.15) < 3 * Math.sqrt((0.15 * 0.85) / all), `${flips} of ${all}`);
  const [question] = questions;
  const said = "Its hemisphere is northern. It is west of Greenwich.";
  const verdicts = async (seed: number, text: string) =>
    (await judge(0.5, seed).annotate(question!, text)).map(({ verdict }) => verdict);
  const seeds = Array.from({ length: 20 }, (_, i) => i);
  for (const seed of seeds) {
    const [first] = await verdicts(seed, said);
    const reversed = await verdicts(
      seed,
      said
        .split(/(?<=\.) /)
        .reverse()
        .join(" "),
    );
    assert.equal(reversed[1], first, "wherever it stands");
  }
  const byName = await Promise.all(seeds.map((seed) => verdicts(seed, said)));
  assert.ok(new Set(byName.map(String)).size > 2);
});
