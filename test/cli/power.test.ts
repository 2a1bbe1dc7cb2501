/** `power` on files: a pilot of two policies, of one, of several seeds; and what it refuses. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { writeJsonl } from "../../lib/base/jsonl";
import { question, randomAnswers } from "../evaluation/fixtures";
import { scratch } from "../golden/fixtures";
import { refuse, succeed } from "./here";

const questions = Array.from({ length: 30 }, (_, i) => question(`q${i}`, `topic ${i}`));

test("power: topics fall with seeds and answers; a bigger effect needs fewer", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const files = (share: number, name: string, k: number) =>
    [1, 2].map((seed) => {
      writeJsonl(at(`${name}${seed}`), randomAnswers(questions, k, share, new Rng(`${name} ${seed}`)));
      return at(`${name}${seed}`);
    });
  writeJsonl(at("questions"), questions);
  const [better, worse] = [files(0.7, "better", 4), files(0.5, "worse", 4)];
  const asked = ["--questions", at("questions")];
  const command = ["power", "--answers", ...better, "--against", ...worse, ...asked];
  const topics = (text: string): number[][] => {
    const table = text.split("\n\n")[1]!.split("\n").slice(3);
    return table.map((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((cell) => Number(cell.replace(/,/g, ""))),
    ); // k, then seeds
  };
  const five = await succeed([...command, "--effect", "5"]);
  assert.match(five, /topics, seeds, answers to a question +30, 2, 4/);
  assert.match(five, /5 points are found with probability 0\.8/);
  const rows = topics(five);
  assert.deepEqual(
    rows.map(([k]) => k),
    [1, 2, 4, 8, 16, 32],
  );
  for (const [i, [, ...bySeeds]] of rows.entries()) {
    bySeeds.forEach((needed, s) => s > 0 && assert.ok(!(needed > bySeeds[s - 1]!), five));
    if (i > 0) assert.ok(!(bySeeds[0]! > rows[i - 1]![1]!), five);
  }
  assert.ok(topics(await succeed([...command, "--effect", "10"]))[2]![5]! < rows[2]![5]!);
  assert.ok(topics(await succeed([...command, "--effect", "5", "--power", "0.95"]))[2]![5]! > rows[2]![5]!);

  const one = await succeed(["power", "--answers", better[0]!, ...asked]);
  assert.match(one, /pilot of one policy/);
  assert.doesNotMatch(one, /difference \(points\)/);
  const greedy = files(0.6, "greedy", 1);
  const once = await succeed(["power", "--answers", greedy[0]!, "--against", greedy[1]!, ...asked]);
  assert.deepEqual(
    topics(once).map(([k]) => k),
    [1],
    "more answers cannot be planned from one",
  );

  await refuse(["power", "--answers", greedy[0]!, ...asked], /several answers to a question/);
  await refuse(["power", "--answers", ...better, ...asked], /one file, or as many in --against/);
  await refuse(
    ["power", "--answers", better[0]!, "--against", ...worse, ...asked],
    /--against: expected as many files as --answers \(1\), a training seed each, got 2/,
  );
  await refuse(
    ["power", "--answers", better[0]!, "--against", greedy[0]!, ...asked],
    /as many answers to a question from every policy/,
  );
  writeJsonl(at("one topic"), [questions[0]!]);
  writeJsonl(at("few"), randomAnswers(questions.slice(0, 1), 2, 0.5, new Rng(1)));
  await refuse(["power", "--answers", at("few"), "--questions", at("one topic")], /about two topics/);
});
