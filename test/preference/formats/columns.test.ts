/** What of a row becomes part of the pair, and what is said not to: system, history, prompt-like columns, the rest. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import { axolotl } from "../../../lib/preference/formats/axolotl";
import { llamafactory } from "../../../lib/preference/formats/llamafactory";
import { official } from "../../../lib/preference/formats/official";
import type { PairFormat } from "../../../lib/preference/formats/pairRow";
import { trl } from "../../../lib/preference/formats/trl";
import { importSummary, importVerb } from "../../../lib/steps/import";
import { scratch, userError } from "../../golden/fixtures";

const read = (format: PairFormat, row: object) =>
  format.read(row, "f.jsonl:3", { sentences: 0, verbatim: 0, loose: 0, missing: [] })!;
/** "system: Be kind. | user: Hello -> chosen / rejected", and the columns that are not used. */
const told = (format: PairFormat, row: object): [string, string[]] => {
  const { prompt, chosen, rejected } = read(format, row);
  const turns = prompt.map(({ role, content }) => `${role}: ${content}`).join(" | ");
  return [`${turns} -> ${chosen.completion} / ${rejected.completion}`, format.unused(row)];
};
const turn = (from: string, value: string) => ({ from, value });
const says = (role: string, content: unknown) => ({ role, content });
const sides = { chosen: "Nile", rejected: "Rhine" };
const gpt = { chosen: turn("gpt", "Nile"), rejected: turn("gpt", "Rhine") };
const spoken = { chosen: says("assistant", "Nile"), rejected: says("assistant", "Rhine") };
const asked = "user: Longest river?";

test("LLaMA-Factory: alpaca, sharegpt and openai rows with system and history", () => {
  const cases: [object, string, string[]][] = [
    [{ instruction: "Longest river?", ...sides }, asked, []],
    [{ instruction: "Name it.", input: "longest river", ...sides }, "user: Name it.\nlongest river", []],
    [
      { instruction: "And Asia?", system: "Be brief.", history: [["Europe?", "Volga"]], output: "x", ...sides },
      "system: Be brief. | user: Europe? | assistant: Volga | user: And Asia?",
      ["output"],
    ],
    [{ instruction: "Longest river?", input: null, history: null, tools: "[]", ...sides }, asked, []],
    [
      { conversations: [turn("human", "Longest river?")], system: "Be brief.", tools: "", ...gpt },
      `system: Be brief. | ${asked}`,
      [],
    ],
    [
      {
        conversations: [turn("system", "Be kind."), turn("human", "Longest river?")],
        system: "Be brief.",
        id: 7,
        ...gpt,
      },
      `system: Be kind. | ${asked}`,
      ["system", "id"],
    ],
    [
      { messages: [says("user", "Longest river?")], system: "Be brief.", ...spoken },
      `system: Be brief. | ${asked}`,
      [],
    ],
  ];
  for (const [row, prompt, unused] of cases)
    assert.deepEqual(told(llamafactory, row), [`${prompt} -> Nile / Rhine`, unused], JSON.stringify(row));
  for (const [row, message] of [
    [
      { conversations: [turn("human", "q")], tools: '[{"name":"f"}]', ...gpt },
      /"tools" \(expected a prompt of text alone/,
    ],
    [{ instruction: "q", images: ["a.png"], ...sides }, /"images" \(expected a prompt of text alone/],
    [{ instruction: "q", history: [["only one"]], ...sides }, /"history\.0/],
    [{ prompt: "q", ...sides }, /expected instruction \(alpaca\), conversations \(sharegpt\) or messages/],
    [{ messages: [says("tool", "x")], ...spoken }, /"messages\.0\.role"/],
  ] as const)
    assert.throws(() => read(llamafactory, row), userError(message));
});

test("TRL: a system column is the system message, one prompt-like column the prompt", () => {
  const implicit = { chosen: "Longest river? Nile", rejected: "Longest river? Rhine" };
  const cases: [object, string, string[]][] = [
    [{ system: "Be brief.", prompt: "Longest river?", ...sides }, `system: Be brief. | ${asked}`, []],
    [
      {
        system_prompt: "Be brief.",
        prompt: [says("user", "Longest river?")],
        chosen: [spoken.chosen],
        rejected: [spoken.rejected],
      },
      `system: Be brief. | ${asked}`,
      [],
    ],
    [{ system: "", question: "Longest river?", context: "Rivers.", ...sides }, asked, ["context"]],
    [{ instruction: "Longest river?", prompt: null, ...sides }, asked, []],
    [{ prompt: "Longest river?", question: "another", score: 3, ...sides }, asked, ["question", "score"]],
    [
      { system: "A", system_prompt: "B", prompt: "Longest river?", ...sides },
      `system: A | ${asked}`,
      ["system_prompt"],
    ],
  ];
  for (const [row, prompt, unused] of cases)
    assert.deepEqual(told(trl, row), [`${prompt} -> Nile / Rhine`, unused], JSON.stringify(row));
  assert.deepEqual(
    told(trl, { question: "Longest river?", ...implicit }),
    [`${asked} ->  Nile /  Rhine`, ["question"]],
    "both sides begin with it: TRL's rule",
  );
  for (const [row, message] of [
    [
      { instruction: "a", input: "b", ...sides },
      /expected the prompt in one column, got .+ text in instruction and input/,
    ],
    [
      {
        system: "A",
        prompt: [says("system", "B"), says("user", "q")],
        chosen: [spoken.chosen],
        rejected: [spoken.rejected],
      },
      /expected the system message of the prompt/,
    ],
    [
      { chat_template_kwargs: { thinking: false }, prompt: "q", ...sides },
      /"chat_template_kwargs" \(expected no arguments/,
    ],
  ] as const)
    assert.throws(() => read(trl, row), userError(message));
});

test("null and empty keys of messages, and text parts, as Parquet gives them", () => {
  const parts = (...texts: string[]) => texts.map((text) => ({ type: "text", text, image_url: null }));
  const message = (role: string, content: unknown) => ({ role, content, name: null, tool_calls: [] });
  const row = {
    prompt: [message("system", parts("Be ", "brief.")), message("user", parts("Longest river?"))],
    chosen: [message("assistant", parts("Nile"))],
    rejected: [message("assistant", "Rhine")],
  };
  assert.deepEqual(told(trl, row), [`system: Be brief. | ${asked} -> Nile / Rhine`, []]);
  const { prompt: messages, chosen, rejected } = row;
  const one = { messages, chosen: chosen[0]!, rejected: rejected[0]! };
  for (const format of [axolotl, llamafactory])
    assert.equal(told(format, one)[0], `system: Be brief. | ${asked} -> Nile / Rhine`);
  const image = [{ type: "image", image: "x.png" }, ...parts("q")];
  assert.throws(
    () => read(axolotl, { ...one, messages: [message("user", image)] }),
    userError(/"messages\.0\.content"/),
  );
  assert.throws(
    () => read(axolotl, { ...one, messages: [{ ...message("user", "q"), tool_calls: [{ id: "1" }] }] }),
    userError(/unknown keys "tool_calls"/),
  );
});

test("the summary counts and names what is not used, in rows and in their items", async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "a.jsonl");
  const item = (sents: string[], type: string) => ({ sents, type: sents.map(() => type), judge: "me" });
  const row = {
    prompt: [says("user", "q")],
    chosen: [says("assistant", "Yes.")],
    chosen_item: item(["Yes."], "ok"),
    rejected: [says("assistant", "No.")],
    rejected_item: item(["No."], "hallucination"),
    source: "web",
    note: "",
  };
  assert.deepEqual(official.unused(row), ["source", "chosen_item.judge", "rejected_item.judge"]);
  writeJsonl(file, [row, { ...row, source: null }]);
  const imported = await importVerb({ from: "official", files: [file], out: path.join(dir, "o.jsonl"), seed: 1 });
  assert.match(
    importSummary(imported, "OUT"),
    /\ncolumns that are not used: source \(1 rows\), chosen_item\.judge \(2 rows\), rejected_item\.judge \(2 rows\)$/,
  );
});
