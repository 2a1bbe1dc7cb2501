/** Table 5 from known answers: which groups are in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { groupTable, runGroups, study, table5Claims, table5Figure } from "../../lib/paper/table5";
import { experimentName } from "../../lib/lab/experiment";
import type { Session } from "../../lib/lab/session";
import { requestsOf } from "../../lib/lab/study";
import { assertClaims, assertInterval, assertMarks, computed, knownSession } from "./known";

interface Group {
  /** The policy that is aligned, whose embedding parts the topics, and which share of them a group has. */
  of: string;
  /** as the table calls the embedding */
  label: string;
  far: number;
  near: number;
  /** the last column of the paper's table */
  printed: number | null;
}
/** The paper's scores, far and near, in the order of the table; the paper has no sixths. */
const groups: readonly Group[] = [
  { of: "base base 1/2", label: "base (own)", far: 68.94, near: 73.43, printed: 4.49 },
  { of: "base other 1/2", label: "other", far: 68.97, near: 69.19, printed: 0.22 },
  { of: "base words 1/2", label: "words", far: 71.32, near: 72.17, printed: 0.85 },
  { of: "base random 1/2", label: "random", far: 70.55, near: 71.11, printed: 0.56 },
  { of: "other base 1/2", label: "base", far: 64.32, near: 64.97, printed: 0.65 },
  { of: "other other 1/2", label: "other (own)", far: 64.99, near: 67.42, printed: 2.43 },
  { of: "other words 1/2", label: "words", far: 65.59, near: 66.84, printed: 1.25 },
  { of: "other random 1/2", label: "random", far: 64.78, near: 65.55, printed: 0.77 },
  { of: "base base 1/6", label: "base (own)", far: 60, near: 62, printed: null },
  { of: "base random 1/6", label: "random", far: 58, near: 59, printed: null },
];

/** With a server of embeddings there are these too, beside what the paper prints for OpenAI's. */
const served: readonly Group[] = [
  { of: "base served 1/2", label: "served (m)", far: 70, near: 74, printed: 0.85 },
  { of: "other served 1/2", label: "served (m)", far: 63, near: 66, printed: 1.25 },
];

async function computedTable(t: TestContext, server?: Session["embeddings"]) {
  const session = { ...knownSession(t), embeddings: server };
  computed(session, study.arms(session), ({ policy, mask, pairs: { author, group } }) => {
    const { embedding, model, distance, share } = group!;
    assert.equal(model, embedding === "served" ? "m" : undefined);
    assert.equal(author, policy, "the policy learns from its own samples");
    assert.equal(mask, "paper");
    const known = [...groups, ...served].find(({ of }) => of === `${policy} ${embedding} 1/${Math.round(1 / share)}`)!;
    return { score: known[distance], facts: 20 };
  });
  return { session, results: await runGroups(session) };
}

test("rows: far and near of every policy and embedding, beside the difference the paper prints", async (t) => {
  const { session, results } = await computedTable(t);
  const { columns, rows } = groupTable(session, results);
  const shown = columns.map(({ key }) => key);
  assert.deepEqual(shown, ["policy", "embedding", "share", "far", "near", "difference", "p", "seeds", "paper"]);
  assert.deepEqual(
    rows.map(({ policy, embedding, share, paper }) => [policy, embedding, Math.round(Number(share)), paper]),
    groups.map(({ of, label, printed }) => [of.split(" ")[0], label, of.endsWith("1/2") ? 50 : 17, printed]),
  );
  groups.forEach(({ of, far, near }, i) => {
    assertInterval(rows[i]!.far, far, `${of}, far`);
    assertInterval(rows[i]!.near, near, `${of}, near`);
    assertInterval(rows[i]!.difference, near - far, `${of}, near - far`);
  });
});

test("a server's embedding has rows of its own behind the words, and changes no other", async (t) => {
  const { session, results } = await computedTable(t, { url: "http://127.0.0.1:1/v1", model: "m" });
  const { rows } = groupTable(session, results);
  const [base, other] = served;
  const expected = [...groups.slice(0, 3), base!, ...groups.slice(3, 7), other!, ...groups.slice(7)];
  assert.deepEqual(
    rows.map(({ embedding, paper }) => [embedding, paper]),
    expected.map(({ label, printed }) => [label, printed]),
  );
  expected.forEach(({ of, far, near }, i) => assertInterval(rows[i]!.difference, near - far, of));
  const { session: without } = await computedTable(t);
  const names = (of: Session): string[] =>
    requestsOf(of, study.arms(of)).map(({ experiment }) => experimentName(of, experiment));
  const comparable = { ...session, baseDir: without.baseDir, otherDir: without.otherDir };
  assert.ok(names(without).every((name) => names(comparable).includes(name)));
});

test("claims: near minus far by the policy's own embedding, and what the paper prints", async (t) => {
  const { results } = await computedTable(t);
  assertClaims(table5Claims(results), [
    ["near > far by the policy's own embedding (base, halves)", "Table 5", 4.49, 73.43, 68.94],
    ["near > far by the policy's own embedding (other, halves)", "Table 5", 2.43, 67.42, 64.99],
    ["near > far by the policy's own embedding (base, groups of 17 %)", "Table 5", null, 62, 60],
  ]);
});

test("figure: near and far, and near minus far, beside what the paper prints", async (t) => {
  const { session, results } = await computedTable(t);
  const figure = table5Figure(session, results);
  assert.deepEqual((figure.layout.yaxis!.ticktext as string[]).slice(0, 2), [
    "base, base's vectors (own), 1/2",
    "base, other's vectors, 1/2",
  ]);
  const paper = (side: "near" | "far") => groups.map((group) => (group.printed === null ? null : group[side]));
  for (const side of ["near", "far"] as const) {
    assertMarks(
      figure,
      0,
      side,
      groups.map((group) => group[side]),
    );
    assertMarks(figure, 0, `paper (${side})`, paper(side));
  }
  assertMarks(
    figure,
    1,
    "near - far",
    groups.map(({ near, far }) => near - far),
  );
  assertMarks(
    figure,
    1,
    "paper (near - far)",
    groups.map(({ printed }) => printed),
  );
});
