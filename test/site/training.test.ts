/** The small alignment of the page, in Node: pairs, steps, what the slider is made of. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { flatLayout } from "../../lib/align/flat";
import { isHallucination } from "../../lib/factuality/verdict";
import { openSession, type Session } from "../../lib/lab/session";
import { loadPolicy } from "../../lib/model/policy";
import { maskKinds } from "../../lib/preference/mask";
import { scratch } from "../golden/fixtures";
import { samplePairs, trainOn } from "../../lib/site/atlas/training";
import { stepsOf, tabSize } from "../../lib/site/atlas/size";
import { baseFolder } from "../../lib/site/packAtlas";
import { siteRun } from "../../lib/site/tokenTrack";
import { loadAtlas } from "../../lib/world/atlas";
import { smallest } from "./smallest";

let smoke: Session;
before(async () => {
  smoke = await openSession({ preset: "smoke" });
});

test("a tab trains twenty steps", () => assert.equal(stepsOf(tabSize), 20));

test("pairs are sampled until there are enough, and steps leave other weights behind, each its own", async () => {
  const policy = loadPolicy(baseFolder);
  const sampling = samplePairs(policy, loadAtlas(), smallest, 1);
  let next = await sampling.next();
  while (!next.done) next = await sampling.next();
  assert.equal(next.value.length, smallest.pairs);
  for (const { scores } of next.value) assert.ok(scores.chosen > scores.rejected);
  const layout = flatLayout(policy.params);
  const steps = [];
  for await (const step of trainOn(policy, layout, next.value, "paper", smallest, 1)) steps.push(step);
  assert.deepEqual(
    steps.map(({ log }) => log.step),
    [1, 2],
  );
  assert.ok(Math.abs(steps[0]!.log.loss - Math.LN2) < 1e-4, "the policy begins as its reference");
  const initial = layout.names.flatMap((name) => Array.from(policy.params[name]!.dataSync()));
  const differ = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).some((value, i) => value !== b[i]);
  assert.ok(differ(initial, steps[0]!.weights) && differ(steps[0]!.weights, steps[1]!.weights));
  policy.dispose();
});

test("the slider's numbers are kept, begin equal under every mask, and go apart", async (t) => {
  const session = { ...smoke, runs: scratch(t) };
  const { track, pairs } = await siteRun(session, smallest);
  assert.equal(pairs.length, smallest.pairs);
  for (const side of ["chosen", "rejected"] as const) {
    const { tokens, sentences } = track.sides[side];
    assert.deepEqual(new Set(maskKinds.map((mask) => JSON.stringify(track.logps[mask][side][0]))).size, 1);
    assert.equal(track.logps.paper[side][0]!.length, tokens.length);
    for (const { sentence, kept } of tokens) {
      assert.ok(kept.none);
      if (sentence >= 0)
        assert.equal(kept.paper, isHallucination(sentences[sentence]!.verdict) === (side === "rejected"));
    }
  }
  const last = maskKinds.map((mask) => JSON.stringify(track.logps[mask].chosen.at(-1)));
  assert.equal(new Set(last).size, maskKinds.length);
  assert.deepEqual(await siteRun(session, smallest), { track, pairs }, "kept, not trained again");
});
