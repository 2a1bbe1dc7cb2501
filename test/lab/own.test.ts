/** Pieces of one's own in experiments: they decide the result and its name, and never reach a worker. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { chooseObjective, defineObjective } from "../../lib/align/objective/registry";
import { setProgressRenderer } from "../../lib/base/progress";
import { experimentName } from "../../lib/lab/experiment";
import { defineAnnotator, pairsOf } from "../../lib/lab/pairSource";
import { preset } from "../../lib/lab/preset";
import { runExperiments } from "../../lib/lab/runExperiments";
import { openSession, type Session } from "../../lib/lab/session";
import { experimentOf, type Setting } from "../../lib/lab/study";
import { defineMask } from "../../lib/preference/mask";
import { atlasAnnotator } from "../../lib/world/oracle";
import { userError } from "../golden/fixtures";

const runs = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
after(() => rmSync(runs, { recursive: true }));
let session: Session;
before(async () => {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));
  const smoke = preset("smoke");
  const training = { ...smoke.training, batch: 4, microbatch: 4 };
  session = {
    ...(await openSession({ preset: "smoke", seed: 1 })),
    runs,
    preset: { ...smoke, topics: 3, evaluationQuestions: 2, samples: 1, training },
  };
});
const request = (setting: Setting) => ({ experiment: experimentOf(session, 1, setting), evaluations: [] });

test("the paper's mask and DPO, written as one's own, give the very policy", async () => {
  const mask = defineMask("mine", (side, { verdict }) =>
    side === "chosen" ? verdict === "supported" || verdict === "no-fact" : !/supported|no-fact/.test(verdict),
  );
  const objective = defineObjective({
    name: "my dpo",
    label: "DPO again",
    source: "a test",
    options: z.object({ beta: z.number().default(0.5).describe("weight of the reference") }),
    needs: () => ["logratio"],
    losses({ chosen, rejected }, { beta }) {
      const chosenRewards = chosen.logratio.mul(beta);
      const rejectedRewards = rejected.logratio.mul(beta);
      return { losses: chosenRewards.sub(rejectedRewards).negLogSigmoid(), chosenRewards, rejectedRewards };
    },
  });
  const [ours, own] = await runExperiments(session, [
    request({ tuned: false }),
    request({ mask, training: { objective: chooseObjective(objective) } }),
  ]);
  assert.equal(own!.policy, ours!.policy);
  assert.notEqual(own!.run, ours!.run);
});

test("an annotator of one's own chooses the pairs", async () => {
  const oracle = atlasAnnotator(session.atlas);
  const annotator = defineAnnotator({
    name: "upside down",
    async annotate(question, completion) {
      const sentences = await oracle.annotate(question, completion);
      return sentences.map((sentence) => ({
        ...sentence,
        verdict: sentence.verdict === "supported" ? ("contradictory" as const) : ("supported" as const),
      }));
    },
  });
  const pairs = (setting: Setting) => pairsOf(session, experimentOf(session, 1, setting).pairs);
  const [ours, own] = [await pairs({}), await pairs({ pairs: { annotator } })];
  assert.ok(own.length > 0);
  for (const pair of own) {
    const same = ours.find(({ questionId }) => questionId === pair.questionId);
    if (same) assert.notEqual(pair.chosen.completion, same.chosen.completion);
  }
});

test("another wording is another run; an unknown one, and a bad name, are refused", () => {
  const name = (mask: Setting["mask"]) => experimentName(session, request({ mask }).experiment);
  const first = name(defineMask("one", () => true));
  assert.equal(name(defineMask("one", () => true)), first);
  assert.notEqual(name(defineMask("one", () => false)), first);
  assert.throws(() => chooseObjective("own:gone@00000000"), userError(/defineObjective/));
  assert.throws(() => defineMask("a/b", () => true), userError(/letters, digits/));
});
