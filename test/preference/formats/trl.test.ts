/** TRL's four kinds of preference rows, as its documentation shows them; and TRL itself on what is written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { trl } from "../../../lib/preference/formats/trl";
import { exportVerb } from "../../../lib/steps/export";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";

const read = (row: object) => trl.read(row, "f.jsonl:5", { sentences: 0, verbatim: 0, loose: 0, missing: [] })!;
const user = { role: "user", content: "What color is the sky?" };
const says = (content: string) => ({ role: "assistant", content });

test("explicit and implicit prompt, conversational and plain", () => {
  const texts = (row: object) => {
    const { prompt, chosen, rejected } = read(row);
    return [prompt, chosen.completion, rejected.completion];
  };
  assert.deepEqual(texts({ prompt: "The sky is", chosen: " blue.", rejected: " green." }), [
    [{ role: "user", content: "The sky is" }],
    " blue.",
    " green.",
  ]);
  assert.deepEqual(texts({ chosen: "The sky is blue.", rejected: "The sky is green." }), [
    [{ role: "user", content: "The sky is" }],
    " blue.",
    " green.",
  ]);
  const expected = [[user], "It is blue.", "It is green."];
  assert.deepEqual(
    texts({ prompt: [user], chosen: [says("It is blue.")], rejected: [says("It is green.")] }),
    expected,
  );
  assert.deepEqual(texts({ chosen: [user, says("It is blue.")], rejected: [user, says("It is green.")] }), expected);
  // as ultrafeedback_binarized has it: the prompt once more as text; and columns that are none of ours
  assert.deepEqual(
    texts({
      prompt: user.content,
      chosen: [user, says("It is blue.")],
      rejected: [user, says("It is green.")],
      score_chosen: 8,
      messages: [user],
      tools: null,
      images: [],
    }),
    expected,
  );
  assert.deepEqual(
    texts({ chosen: "a👍", rejected: "a👎" }),
    [[{ role: "user", content: "a" }], "👍", "👎"],
    "no half characters",
  );
  assert.deepEqual(texts({ chosen: "Yes", rejected: "Yes, sir" }), [[{ role: "user", content: "Yes" }], "", ", sir"]);
});

test("malformed rows are refused with their place", () => {
  const bad: [object, RegExp][] = [
    [{ chosen: "a" }, /f\.jsonl:5: expected a valid "rejected"/],
    [{ prompt: "p", chosen: "a", rejected: [says("b")] }, /all as texts or all as messages, got a mixture/],
    [{ prompt: [user], chosen: "a", rejected: "b" }, /got a mixture/],
    [{ chosen: "same", rejected: "same" }, /got the same text twice/],
    [{ chosen: "blue", rejected: "green" }, /got no common beginning/],
    [{ chosen: [user, says("a")], rejected: [user, says("a")] }, /got the same twice/],
    [
      { chosen: [user, says("a"), user, says("b")], rejected: [user, says("c")] },
      /got 4 and 2 messages that differ from message 2 on/,
    ],
    [{ chosen: [says("a")], rejected: [says("b")] }, /differ from message 1 on/],
    [{ prompt: [user], chosen: [says("a"), says("b")], rejected: [says("c")] }, /f\.jsonl:5, chosen: expected a valid/],
    [
      { prompt: [{ role: "tool", content: "x" }], chosen: [says("a")], rejected: [says("c")] },
      /expected a valid "prompt/,
    ],
    [
      { prompt: [user], chosen: [says("a")], rejected: [says("c")], images: ["x.png"] },
      /"images" \(expected a prompt of text alone\)/,
    ],
    [
      { prompt: [user], chosen: [says("a")], rejected: [says("c")], tools: "[]" },
      /"tools" \(expected a prompt of text alone\)/,
    ],
  ];
  for (const [row, message] of bad) assert.throws(() => read(row), userError(message), JSON.stringify(row));
});

const python = process.env.MASK_DPO_PYTHON ?? "python3";
const hasTrl =
  spawnSync(python, ["-c", "import importlib.util as u; exit(not (u.find_spec('trl') and u.find_spec('datasets')))"], {
    timeout: 60_000,
  }).status === 0;
test(
  "TRL trains on what is written, and leaves the column mask_dpo aside",
  { timeout: 300_000, skip: hasTrl ? false : `${python} has no trl; name a Python that has in MASK_DPO_PYTHON` },
  (t) => {
    const dir = scratch(t);
    const { files } = exportVerb({ to: "trl", pairs: goldenPath("formats", "pairs.jsonl"), out: dir });
    const { status, stdout, stderr } = spawnSync(
      python,
      [path.join(__dirname, "trl_rows.py"), goldenPath("models", "llama-tied-mha"), files[0]!, dir],
      { encoding: "utf8", env: { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1", HF_HOME: dir } },
    );
    assert.equal(status, 0, stderr);
    const { rows, loss, chosen, columns } = JSON.parse(stdout.trim().split("\n").at(-1)!) as {
      rows: number;
      loss: number;
      chosen: string[];
      columns: string[];
    };
    assert.equal(rows, 2);
    assert.ok(Math.abs(loss - Math.log(2)) < 1e-4, `${loss}: the policy is the reference`);
    assert.ok(chosen[0]!.startsWith("Bern is the capital."), chosen[0]);
    assert.deepEqual(
      columns.filter((name) => name === "mask_dpo"),
      [],
      "a batch has no such key",
    );
  },
);
