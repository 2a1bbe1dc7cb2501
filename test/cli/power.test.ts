/** `power` on files: a pilot of two policies, of one, of several seeds; and what it refuses. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { writeJsonl } from "../../lib/base/jsonl";
import { answer, question, randomAnswers } from "../evaluation/fixtures";
import { scratch } from "../golden/fixtures";
import { refuse, succeed } from "./here";

const questions = Array.from({ length: 30 }, (_, i) => question(`q${i}`, `topic ${i}`));

/** Rows of the table of topics: k, then topics by seeds. */
function topics(text: string): number[][] {
  const table = text.split("\n\n")[1]!.split("\n").slice(3);
  return table.map((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((cell) => Number(cell.replace(/,/g, ""))),
  );
}

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

test("power: a pilot that cannot tell says so, and never counts topics it cannot know", async (t) => {
  const dir = scratch(t);
  const few = questions.slice(0, 10);
  const write = (name: string, rows: readonly object[]): string => {
    const file = path.join(dir, name);
    writeJsonl(file, rows);
    return file;
  };
  const same = (name: string, verdicts: string) =>
    write(
      name,
      few.flatMap(({ id }) => [0, 1].map((i) => answer(id, i, verdicts))),
    );
  const asked = ["--questions", write("questions", few)];
  const [third, all, silent] = [same("third", "SSC"), same("all", "SSS"), same("silent", "")];
  const [varied, other] = ["varied", "other"].map((name) =>
    write(name, randomAnswers(few, 2, name === "varied" ? 0.8 : 0.3, new Rng(name))),
  );

  await refuse(["power", "--answers", third, ...asked], /expected scores that vary .* whichever of 10 topics/);
  await refuse(
    ["power", "--answers", all, "--against", third, ...asked],
    /expected scores that vary .* got the same difference, 33\.33 points, in each of 10 topics/,
  );
  await refuse(["power", "--answers", silent, ...asked], /silent: expected answers that state something/);
  await refuse(["power", "--answers", varied!, "--against", silent, ...asked], /silent: expected answers that state/);
  await refuse(["power", "--answers", varied!, "--against", varied!, ...asked], /--against: .* the same answers/);

  const gain = await succeed(["power", "--answers", varied!, "--against", other!, "--effect", "60", ...asked]);
  assert.match(gain, /Probability at the pilot's difference/);
  assert.equal(Math.min(...topics(gain).flatMap(([, ...bySeeds]) => bySeeds)), 2, "an interval takes two");
  const loss = await succeed(["power", "--answers", other!, "--against", varied!, ...asked]);
  assert.match(loss, /no gain of that size to find/);
  assert.doesNotMatch(loss, /Probability at the pilot's difference/);
});
