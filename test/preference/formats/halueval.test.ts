/** Responses with hallucinated spans: verdicts by sentence, spans that are not there, pairs of several responses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { haluevalCandidates } from "../../../lib/preference/formats/halueval";
import { userError } from "../../golden/fixtures";

const response = "Bern is the capital.  It lies on  the Rhine [1]. People speak German there.";
const rows = (...values: object[]) => values.map((value, i) => ({ where: `h.json:${i + 1}`, value }));
const row = (spans: string[], hallucination = "yes", chatgpt_response = response) => ({
  ID: "1",
  user_query: "Bern?",
  chatgpt_response,
  hallucination,
  hallucination_spans: spans,
});
const letters = (values: object[]) =>
  haluevalCandidates(rows(...values)).candidates.map(({ sentences }) =>
    sentences.map(({ verdict }) => verdict[0]).join(""),
  );

test("a sentence that a span touches is unverifiable, others are supported", () => {
  assert.deepEqual(
    letters([
      row(["It lies on the Rhine."]),
      row(["capital. It lies"]),
      row([], "no"),
      { user_query: "Basel?", chatgpt_response: "Yes. No.", hallucination_label: "NO" },
    ]),
    ["sus", "uus", "sss", "ss"],
  );
  const { candidates, questions, report } = haluevalCandidates(rows(row(["It lies on the Rhine."]), row(["German"])));
  assert.deepEqual(
    candidates.map(({ questionId, index }) => [questionId, index]),
    [
      ["Bern?", 0],
      ["Bern?", 1],
    ],
  );
  assert.deepEqual(questions, [{ id: "Bern?", topic: "Bern?", prompt: [{ role: "user", content: "Bern?" }] }]);
  assert.deepEqual(report, { sentences: 2, verbatim: 1, loose: 1, missing: [] });
});

test("a span that is not there, or none where there are hallucinations: left out and named", () => {
  const { candidates, report } = haluevalCandidates(
    rows(row(["German", "It lies on the Aare."]), row([]), row([""]), row(["German"])),
  );
  assert.deepEqual(
    candidates.map(({ index }) => index),
    [3],
  );
  assert.deepEqual(report.missing, ["h.json:1 span 2", "h.json:2 any span", "h.json:3 span 1"]);
  assert.deepEqual([report.sentences, report.verbatim], [4, 2]);
});

test("malformed rows are refused with their place", () => {
  const bad: [object, RegExp][] = [
    [
      { user_query: "q", chatgpt_response: "a" },
      /h\.json:1: expected a valid "hallucination" \(expected hallucination: yes or no\)/,
    ],
    [row(["x"], "no"), /"hallucination_spans" \(expected none where hallucination is no\)/],
    [row([], "perhaps"), /"hallucination"/],
    [{ ...row([]), user_query: "" }, /"user_query"/],
    [{ ...row([]), hallucination_spans: "all" }, /"hallucination_spans"/],
  ];
  for (const [value, message] of bad) assert.throws(() => haluevalCandidates(rows(value)), userError(message));
});

test("a response of a megabyte with twenty spans", () => {
  const long = "Bern is the capital of Switzerland. ".repeat(30_000);
  const started = performance.now();
  const { candidates } = haluevalCandidates(
    rows(
      row(
        Array.from({ length: 20 }, () => "capital of"),
        "yes",
        long,
      ),
    ),
  );
  assert.deepEqual(
    candidates[0]!.sentences.map(({ verdict }) => verdict).indexOf("supported"),
    1,
    "the first place counts",
  );
  assert.ok(performance.now() - started < 20_000);
});
