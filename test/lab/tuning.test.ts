/** One rule for every arm: the same grid, the best by one score, and settings that follow from what was kept. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { chooseObjective, objectives } from "../../lib/align/objective/registry";
import { strengthOptions, withStrength } from "../../lib/align/objective/strength";
import { recipesOf, trialsOf, tune, writeTuning } from "../../lib/lab/tune";
import { tuningTables, withTuning } from "../../lib/lab/tuningPage";
import {
  bestTrial,
  chosenTrial,
  gridOf,
  nextTrials,
  readTuning,
  tunedArm,
  tuningFile,
  type Recipe,
} from "../../lib/lab/tuning";
import { experimentOf, recipeOf } from "../../lib/lab/study";
import { studies } from "../../lib/paper/studies";
import { tunedArms } from "../../lib/paper/tuneStudies";
import { atlasFolder } from "../../lib/world/facts";
import { worldNames, type WorldName } from "../../lib/world/worlds";
import { scratch } from "../golden/fixtures";
import { computedRequests, knownSession, shipped, writeAnswers } from "../paper/known";
import { shippedHash } from "../../lib/lab/session";
import { grid, point, told } from "./grid";

const own: Recipe = { objective: "dpo", mask: "paper", author: "own", document: false, annotator: "sentences" };

test("strength: an objective's options that hold it to its reference, times a factor; the others as they are", () => {
  assert.deepEqual(withStrength("dpo", 5), chooseObjective("dpo", { beta: 0.5 }));
  assert.deepEqual(withStrength("flex-dpo", 10).options, { betaChosen: 1, betaRejected: 0.8 });
  assert.deepEqual(withStrength("ipo", 5).options, { tau: 0.5 });
  assert.deepEqual(withStrength("dpop", 1), chooseObjective("dpop"));
  assert.deepEqual(withStrength("simpo", 5).options, { beta: 10, gammaRatio: 0.25 });
  for (const { name, options } of objectives)
    for (const key of strengthOptions(name)) assert.ok(key in options.shape, `${name} has no option ${key}`);
});

test("every objective has as many points at the same rates; one without a strength has the rates", (t) => {
  const { preset } = knownSession(t);
  const rates = [5e-5, 1e-4, 2e-4];
  for (const { name } of objectives) {
    const points = gridOf(preset, name);
    assert.equal(points.length, name === "sft" ? 3 : 9, name);
    assert.deepEqual([...new Set(points.map(({ lr }) => lr))], rates, name);
    assert.equal(new Set(points.map((one) => JSON.stringify(one))).size, points.length, name);
    assert.ok(points.every(({ objective }) => objective.name === name));
  }
});

test("the best is by score; of equal ones the smaller rate; this preset's grid before the largest one's", () => {
  const trials = [point(1e-5, 60), point(2e-5, 61), point(4e-5, 61)];
  assert.equal(bestTrial(trials, { facts: 9 }).lr, 2e-5);
  const arms = [grid(own, 1e-3, { preset: "full" }), grid(own, 1e-5, { preset: "hour" }), grid(own, 1e-4)];
  const bases = (["smoke", "hour", "full"] as const).map((preset) => told(9, preset));
  const rate = (preset: "smoke" | "quick") =>
    chosenTrial({ bases, arms }, tunedArm({ bases, arms }, { name: preset }, own)!).lr;
  assert.deepEqual([rate("smoke"), rate("quick")], [1e-4, 1e-3]);
});

test("chosen is what tells nine tenths of the base's facts, or else what tells most", () => {
  const trials = [point(1e-5, 60), point(2e-5, 70, { facts: 8.1 }), point(4e-5, 90, { facts: 8 })];
  assert.equal(bestTrial(trials, { facts: 9 }).lr, 2e-5);
  assert.equal(bestTrial(trials.slice(1), { facts: 20 }).lr, 2e-5);
  assert.throws(() => chosenTrial({ bases: [], arms: [] }, grid(own, 1)), /the base's scores at smoke/);
});

test("after the grid the rate is doubled at the best's strength, until the score falls or 16 times is reached", (t) => {
  const { preset } = knownSession(t);
  const tried = gridOf(preset, "dpo").map((one) => point(one.lr, 50, one));
  const next = () => nextTrials(preset, "dpo", tried, told(9)).map(({ lr, strength }) => [lr, strength]);
  assert.deepEqual(nextTrials(preset, "dpo", [], told(9)), gridOf(preset, "dpo"));
  assert.deepEqual(next(), [], "of equal ones the smallest rate, which is not the edge");
  tried.push({ ...tried.pop()!, ...point(2e-4, 60, { strength: 10 }) });
  assert.deepEqual(next(), [[4e-4, 10]]);
  tried.push(point(4e-4, 61, { strength: 10 }));
  assert.deepEqual(next(), [[8e-4, 10]]);
  assert.deepEqual(nextTrials(preset, "dpo", [...tried, point(8e-4, 60.5)], told(9)), [], "it fell");
  tried.push(point(8e-4, 62, { strength: 10 }), point(1.6e-3, 63, { strength: 10 }));
  assert.deepEqual(next(), []);
});

test("an arm has rate and strength of its own grid, the middle without one, its own changes before both", (t) => {
  const session = knownSession(t);
  const { training } = session.preset;
  const settings = (setting: Parameters<typeof experimentOf>[2]) => {
    const { lr, objective } = experimentOf(session, 1, setting).training;
    return [lr, objective];
  };
  assert.deepEqual(settings({}), [training.lr, training.objective], "the middle is the preset's");
  assert.deepEqual(settings({ objective: "simpo" }), [training.lr, withStrength("simpo", 5)]);
  session.tuning.bases.push(told(9));
  session.tuning.arms.push(grid(own, 3e-5), grid({ ...own, author: "another" }, 7e-5));
  const beta = chooseObjective("dpo", { beta: 0.1 });
  assert.deepEqual(settings({}), [3e-5, beta]);
  assert.deepEqual(settings({ policy: "other" }), [3e-5, beta], "on its own samples, whichever policy");
  assert.deepEqual(settings({ pairs: { author: "other" } }), [7e-5, beta]);
  assert.deepEqual(settings({ mask: "none" }), [training.lr, training.objective], "not another mask's");
  assert.deepEqual(settings({ tuned: false }), [training.lr, training.objective]);
  assert.deepEqual(settings({ training: { lr: 1 } }), [1, beta]);
});

test("each recipe is tried once, whatever sizes its arms have, at the whole size and on validation topics", (t) => {
  const session = knownSession(t);
  const arms = studies.flatMap((study) => study.arms(session));
  const requests = recipesOf(session, arms);
  const recipes = requests.map(({ recipe }) => JSON.stringify(recipe));
  assert.equal(new Set(recipes).size, recipes.length);
  for (const { setting, label } of arms)
    assert.ok(recipes.includes(JSON.stringify(recipeOf(session, setting))), `${label} has no grid`);
  const { k, topics, questionsPerTopic } = experimentOf(session, 1, {}).pairs;
  for (const request of requests) {
    const trials = trialsOf(session, request, gridOf(session.preset, request.recipe.objective));
    assert.ok(trials.length === 9 || trials.length === 3);
    for (const { experiment, evaluations } of trials) {
      assert.deepEqual(evaluations, ["validation sampled"]);
      const { pairs, mask } = experiment;
      assert.deepEqual([pairs.k, pairs.topics, pairs.questionsPerTopic], [k, topics, questionsPerTopic]);
      assert.deepEqual(recipeOf(session, request.setting), request.recipe);
      assert.equal(mask, request.recipe.mask);
    }
  }
});

test("what was tried is kept, what was kept of others stays, and the page has all of it", async (t) => {
  const session = knownSession(t);
  shipped(session, () => ({ score: 40, facts: 10 }));
  writeAnswers(session, shippedHash(session, "base"), "validation sampled", 1, { score: 41, facts: 10 });
  session.tuning.bases.push(told(9));
  session.tuning.arms.push(grid({ ...own, mask: "inverted" }, 1), grid(own, 1, { label: "old" }));
  const [request] = recipesOf(session, [{ label: "Mask-DPO", setting: {}, seeds: 1, evaluations: [] }]);
  const best = 5;
  const points = gridOf(session.preset, "dpo");
  computedRequests(session, trialsOf(session, request!, points), ({ training }) => {
    const at = points.findIndex(
      ({ lr, objective }) => lr === training.lr && objective.options["beta"] === training.objective.options["beta"],
    );
    return { score: at === best ? 66 : 50 + at, facts: 20 };
  });
  const tuning = await tune(session, [request!]);
  assert.deepEqual(
    tuning.arms.map(({ label }) => label),
    ["inverted", "Mask-DPO"],
  );
  const arm = tuning.arms[1]!;
  const { lr, strength, score } = chosenTrial(tuning, arm);
  assert.deepEqual([lr, strength], [1e-4, 10]);
  assert.ok(score.low < score.value && score.value < score.high);
  assert.deepEqual([arm.k, arm.pairs, arm.steps], [4, 100, 30]);
  const file = path.join(scratch(t), "tuning.json");
  writeTuning(tuning, file);
  assert.deepEqual(readTuning(file), tuning);
  const [all, chosen] = tuningTables(tuning, "free");
  assert.match(all!.caption, /smoke, world free$/);
  const cells = Object.entries(all!.rows[1]!).filter(([, cell]) => typeof cell === "string" && /best/.test(cell));
  assert.equal(cells.length, 1);
  assert.equal(cells[0]![0], "1e-4, x10");
  assert.deepEqual(
    chosen!.rows.map(({ arm, lr }) => [arm, lr]),
    [
      ["base", null],
      ["inverted", "1e+0"],
      ["Mask-DPO", "1e-4"],
    ],
  );
  const none = { bases: [], arms: [] };
  const page = withTuning("before\n<!-- tuning -->\nold\n<!-- end -->\nafter", {
    atlas: none,
    free: none,
    fixed: tuning,
  });
  assert.match(page, /^before\n<!-- tuning -->\n\*\*Scores on validation[^]*\| Mask-DPO \|[^]*<!-- end -->\nafter$/);
});

test("worlds have grids of their own, of every arm that they run", (t) => {
  for (const world of worldNames) {
    const session = { ...knownSession(t), world };
    const tuning = readTuning(tuningFile(world));
    for (const { label, setting } of tunedArms(session))
      assert.ok(tunedArm(tuning, session.preset, recipeOf(session, setting)), `${world}: ${label} has no grid`);
  }
  assert.deepEqual(readTuning(tuningFile("free", scratch(t))), { bases: [], arms: [] });
});

test("TUNING.md has the grids that are kept, and no others", () => {
  const page = readFileSync(path.join(atlasFolder, "TUNING.md"), "utf8");
  const kept = (world: WorldName) => readTuning(tuningFile(world));
  assert.equal(withTuning(page, { atlas: kept("atlas"), free: kept("free"), fixed: kept("fixed") }), page);
});
