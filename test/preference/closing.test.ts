/** What closes a completion: the end token, once, and none behind one that was cut; thoughts that templates open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenizePair } from "../../lib/preference/collate";
import { inspectPairs } from "../../lib/preference/inspectPairs";
import type { PreferencePair, PreferenceSide } from "../../lib/preference/pair";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { goldenPath } from "../golden/golden";
import { pairOf, spansOf } from "./fixtures";

const side = (completion: string, letter: string, pieces: string[], more: Partial<PreferenceSide> = {}) => ({
  completion,
  sentences: spansOf(completion, pieces, letter.repeat(pieces.length)),
  ...more,
});

function pairWith(chosen: PreferenceSide, rejected = side("Oslo is warm.", "C", ["Oslo is warm."])): PreferencePair {
  return { ...pairOf("q", "S", "C"), prompt: [{ role: "user", content: "What of Oslo?" }], chosen, rejected };
}

function chosenOf(folder: string[], chosen: PreferenceSide) {
  const tokenizer = loadTokenizer(goldenPath(...folder));
  const pair = pairWith(chosen);
  const prompt = promptIds(tokenizer, pair.prompt);
  const { ids, weights, promptLength } = tokenizePair(pair, tokenizer, prompt, { mask: "paper" }).chosen;
  return {
    tokenizer,
    ids: [...ids].slice(promptLength),
    weights: [...weights].slice(promptLength),
    prompt: tokenizer.decode([...ids].slice(0, promptLength)),
  };
}

test("an end token that the text has at its end, and white space behind it, is the closing one", () => {
  for (const [folder, end] of [
    [["text", "qwen2"], "<|im_end|>"],
    [["text", "llama3"], "<|eot_id|>"],
    [["text", "metaspace"], "</s>"],
    [["turns", "strips-both"], "<|im_end|>"],
  ] as const) {
    const plain = chosenOf([...folder], side("Oslo is cold.", "S", ["Oslo is cold."]));
    for (const tail of [end, `${end}\n`, `${end} \n`]) {
      for (const spanned of ["Oslo is cold.", `Oslo is cold.${tail.trimEnd()}`]) {
        const written = chosenOf([...folder], side(`Oslo is cold.${tail}`, "S", [spanned]));
        assert.deepEqual([written.ids, written.weights], [plain.ids, plain.weights], `${folder.join()} ${tail}`);
      }
    }
    assert.equal(plain.ids.filter((id) => id === plain.tokenizer.eosId).length, 1);
  }
});

test("in the middle of a text an end token stays what it is", () => {
  const { ids, tokenizer } = chosenOf(["text", "qwen2"], side("Cold.<|im_end|> It is.", "S", ["Cold.", "It is."]));
  assert.equal(ids.filter((id) => id === tokenizer.eosId).length, 2);
});

test("nothing closes a completion that was cut; its own tokens count as ever", () => {
  const text = "Oslo is cold. It has about";
  const pieces = ["Oslo is cold.", "It has about"];
  for (const folder of [
    ["text", "plain"],
    ["turns", "zephyr-pieces"],
  ]) {
    const ended = chosenOf(folder, side(text, "S", pieces));
    const cut = chosenOf(folder, side(text, "S", pieces, { finished: false }));
    assert.equal(ended.ids.at(-1), ended.tokenizer.eosId);
    assert.deepEqual([cut.ids, cut.weights], [ended.ids.slice(0, -1), ended.weights.slice(0, -1)]);
    const { ids } = ended.tokenizer.encode(text);
    const sampled = chosenOf(folder, side(text, "S", pieces, { finished: false, tokenIds: ids }));
    assert.deepEqual(sampled.ids, ids);
    assert.deepEqual(chosenOf(folder, side(text, "S", pieces, { finished: true })).ids, ended.ids);
  }
});

test("a cut completion of nothing empties its side", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "plain"));
  const pair = pairWith(side("", "S", [], { finished: false, tokenIds: [] }));
  const of = tokenizePair(pair, tokenizer, [1, 2], { mask: "none" });
  assert.deepEqual([of.chosen.emptied, of.rejected.emptied], [true, false]);
});

test("an answer without a thought does not follow a prompt that opens one; a thought goes on or is opened once", () => {
  const said = chosenOf(["turns", "thought"], side("Oslo is cold.", "S", ["Oslo is cold."]));
  assert.match(said.prompt, /assistant\n$/);
  assert.equal(said.tokenizer.decode(said.ids), "Oslo is cold.<|im_end|>");

  const goesOn = chosenOf(["turns", "thought"], side("Hm.\n</think>\n\nIt is cold.", "S", ["It is cold."]));
  assert.match(goesOn.prompt, /assistant\n<think>\n$/);

  const whole = chosenOf(["turns", "thought"], side("<think>\nHm.\n</think>\n\nIt is cold.", "S", ["It is cold."]));
  assert.equal(whole.prompt + whole.tokenizer.decode(whole.ids), goesOn.prompt + goesOn.tokenizer.decode(goesOn.ids));

  const { ids } = said.tokenizer.encode("Hm, Oslo");
  const sampled = chosenOf(
    ["turns", "thought"],
    side("Hm, Oslo", "S", ["Hm, Oslo"], { tokenIds: ids, finished: false }),
  );
  assert.match(sampled.prompt, /<think>\n$/, "what the policy wrote stands where it was written");
});

test("what a template puts before an answer is learnt on both sides, as text before the first sentence", () => {
  const { ids, weights, tokenizer } = chosenOf(["turns", "qwen3"], side("Oslo is cold.", "C", ["Oslo is cold."]));
  const thought = tokenizer.encode("<think>\n\n</think>\n\n").ids;
  assert.deepEqual(ids.slice(0, thought.length), thought);
  const answer = ids.length - thought.length - 1;
  assert.deepEqual(weights, [...thought.map(() => 1), ...new Array<number>(answer).fill(0), 1]);
});

test("the inspector shows such sides", () => {
  const chosen = side("Oslo is cold.<|im_end|>", "S", ["Oslo is cold."]);
  const [shown] = inspectPairs(goldenPath("models", "qwen2-gqa-tied"), [pairWith(chosen)], "paper", 1);
  const tokens = shown!.sides.chosen.tokens;
  assert.deepEqual([tokens[0]!.start, tokens.at(-1)!.end], [0, 13]);
});

test("a template that shows no answer behind the prompt: pieces begin with a space behind a word", () => {
  const tokenizer = loadTokenizer(goldenPath("turns", "zephyr-pieces"));
  const first = (chatTemplate: string) => {
    const changed = Object.assign(Object.create(tokenizer) as typeof tokenizer, { chatTemplate });
    const { chosen } = tokenizePair(
      pairWith(side("Oslo.", "S", ["Oslo."])),
      changed,
      promptIds(changed, [{ role: "user", content: "Where?" }]),
      { mask: "paper" },
    );
    return [...chosen.ids].slice(chosen.promptLength, -1);
  };
  const blind = "{% for m in messages %}{{ '[INST] ' + m['content'] + ' [/INST]' }}{% endfor %}";
  const refuses = "{{ raise_exception('no') if messages[-1]['role'] != 'user' }}{{ messages[-1]['content'] + '\n' }}";
  const { ids } = tokenizer.encode("Oslo.");
  assert.deepEqual(first(blind), ids);
  assert.deepEqual([ids[0], ...first(refuses)], ids, "none behind a line break");
});
