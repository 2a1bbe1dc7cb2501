/** Where probability goes: slots of facts, masses that sum to 1, and log-probabilities of whole answers, on Atlas. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { factSlots, slotMass, slotSequences } from "../../lib/align/track/factSlots";
import { completionTokenLogps, logpSums, wholeSequence } from "../../lib/align/track/sequences";
import { trackedOf, trackPolicy } from "../../lib/align/track/track";
import { startEngine } from "../../lib/engine/backend";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import type { PreferencePair } from "../../lib/preference/pair";
import { atlasFolder } from "../../lib/world/facts";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasAnnotator, indexTopics } from "../../lib/world/oracle";

const atlas = loadAtlas();
const question = atlas.splits.train.find(({ id }) => id.endsWith(":place"))!;
const { name, continent } = atlas.topic(question.topic).country;
const wrong = continent === "Europe" ? "Asia" : "Europe";
const sideOf = (completion: string) => ({
  completion,
  sentences: atlasAnnotator(atlas).annotate(question, completion) as PreferencePair["chosen"]["sentences"],
});
const pair: PreferencePair = {
  questionId: question.id,
  topic: question.topic,
  prompt: question.prompt,
  chosen: sideOf(`Its country is ${name}. The continent is ${continent}.`),
  rejected: sideOf(`Its country is ${name}. The continent is ${wrong}. It is worth a visit.`),
  scores: { chosen: 1, rejected: 2 / 3 },
};

let policy: Policy;
before(async () => {
  await startEngine();
  policy = loadPolicy(path.join(atlasFolder, "base"));
});
after(() => policy.dispose());

test("a slot is where a rejected side is wrong: what stands before it, behind it, and what would be right", () => {
  assert.deepEqual(factSlots(atlas, [pair]), [
    {
      prompt: question.prompt,
      before: `Its country is ${name}. The continent is `,
      after: ".",
      right: [continent],
      stated: wrong,
    },
  ]);
  assert.deepEqual(factSlots(atlas, [{ ...pair, rejected: pair.chosen }]), []);
});

test("only the value and what ends its sentence count, behind the same beginning", () => {
  const [slot] = factSlots(atlas, [pair]);
  const [right, stated] = slotSequences(policy.tokenizer, slot!);
  const counted = ({ ids, weights }: NonNullable<typeof right>) => ids.filter((_, t) => weights[t]! > 0);
  assert.equal(policy.tokenizer.decode([...counted(right!)]).trim(), `${continent}.`);
  assert.equal(policy.tokenizer.decode([...counted(stated!)]).trim(), `${wrong}.`);
  const opening = ({ ids, weights }: NonNullable<typeof right>) => ids.filter((_, t) => weights[t] === 0).join();
  assert.equal(opening(right!), opening(stated!));
});

test("masses: all values together have at most 1, nearly all of it under the base", async () => {
  const [slot] = factSlots(atlas, [pair]);
  const values = [...indexTopics(atlas, "continent").keys()].filter((value) => value !== wrong);
  const logps = await logpSums(policy, slotSequences(policy.tokenizer, { ...slot!, right: values }));
  const all = logps.reduce((sum, logp) => sum + Math.exp(logp), 0);
  assert.ok(all > 0.9 && all < 1.0001, `together ${all}`);
  const { right, stated, other } = slotMass([Math.log(0.2), Math.log(0.1), Math.log(0.4)]);
  [right - 0.3, stated - 0.4, other - 0.3].forEach((gap) => assert.ok(Math.abs(gap) < 1e-12));
});

test("a point: masses sum to 1; answers a token, as token by token", async () => {
  const heldOut = [{ prompt: question.prompt, completion: pair.chosen.completion }];
  const tracked = trackedOf(atlas, policy.tokenizer, [pair], heldOut);
  const point = await trackPolicy(policy, tracked);
  assert.ok(Math.abs(point.right! + point.stated! + point.other! - 1) < 1e-6);
  assert.ok(point.right! > 0 && point.stated! > 0);
  assert.ok(Math.abs(point.chosen - point.heldOut) < 1e-6, "the same text");
  const { ids, weights } = wholeSequence(policy.tokenizer, question.prompt, pair.rejected);
  const [logps] = await completionTokenLogps(policy, [{ ids, promptLength: weights.indexOf(1) }]);
  const mean = logps!.reduce((sum, logp) => sum + logp, 0) / logps!.length;
  assert.ok(Math.abs(mean - point.rejected) < 1e-5);
  const none = await trackPolicy(
    policy,
    trackedOf(atlas, policy.tokenizer, [{ ...pair, rejected: pair.chosen }], heldOut),
  );
  assert.deepEqual([none.right, none.stated, none.other], [null, null, null]);
});
