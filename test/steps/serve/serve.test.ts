/** Our own engine as a server: what its clients get is what the sampler gives, and nobody else gets anything. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Rng } from "../../../lib/base/rng";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { annotatedCandidateSchema, candidateSchema, type Candidate } from "../../../lib/factuality/records";
import { hiddenStates } from "../../../lib/model/embed";
import { initialAdapter } from "../../../lib/model/adapter/lora";
import { writeAdapter } from "../../../lib/model/adapter/peft";
import { readCheckpointConfig } from "../../../lib/model/checkpoint";
import { loadPolicy } from "../../../lib/model/policy";
import type { ServeRequest } from "../../../lib/steps/serve/serve";
import { tinyModel, writeQuestions } from "../../cli/data";
import * as here from "../../cli/here";
import { scratch } from "../../golden/fixtures";
import { scriptedModel } from "../../model/scripted";
import { chat, model, serving, token } from "./serving";

const byQuestion = (rows: Candidate[]): Candidate[] =>
  rows.sort((a, b) => a.questionId.localeCompare(b.questionId) || a.index - b.index);

test("sample and annotate get from it what they get from the folder", async (t) => {
  const at = (name: string) => path.join(dir, name);
  const dir = scratch(t);
  const questions = writeQuestions(at("questions.jsonl"), 4);
  const { url } = await serving(t);
  const env = { MASK_DPO_API_KEY: token };
  const greedy = ["sample", "--questions", questions, "--k", "2", "--temperature", "0", "--top-k", "0"];
  await here.succeed([...greedy, "--max-new-tokens", "16", "--model", tinyModel, "--out", at("own.jsonl")]);
  for (const [out, more] of [
    ["chat.jsonl", []],
    ["text.jsonl", ["--tokenizer", tinyModel]],
  ] as const) {
    const server = ["--server", url, "--model-name", model, "--out", at(out), ...more];
    const said = await here.succeed([...greedy, "--max-new-tokens", "16", ...server], env);
    const [own, served] = [at("own.jsonl"), at(out)].map((file) => byQuestion(readJsonl(file, candidateSchema)));
    const seen = ({ questionId, index, completion, finished }: Candidate) => [questionId, index, completion, finished];
    assert.deepEqual(served!.map(seen), own!.map(seen));
    const sampled = own!.reduce((n, { tokenIds, finished }) => n + tokenIds!.length + (finished === false ? 0 : 1), 0);
    assert.match(said, new RegExp(`; \\d+ prompt \\+ ${sampled} completion tokens`));
  }

  writeJsonl(
    at("documents.jsonl"),
    [0, 1, 2, 3].map((i) => ({ topic: `t${i}`, document: "It is so." })),
  );
  writeJsonl(
    at("two.jsonl"),
    [0, 1].map((i) => ({ questionId: `q${i}`, index: 0, completion: "It is so. No.", seed: 0 })),
  );
  const judge = await serving(t, { model: scriptedModel(t, "<No Facts>") });
  const annotate = ["annotate", "--annotator", "anah", "--documents", at("documents.jsonl"), "--questions", questions];
  const judging = ["--candidates", at("two.jsonl"), "--server", judge.url, "--model-name", judge.name];
  assert.match(
    await here.succeed([...annotate, ...judging, "--out", at("judged.jsonl")], env),
    / 4 no fact \(0 of them because no reply could be parsed\); 4 calls.+, 0 replies of no use/,
  );
  const judged = readJsonl(at("judged.jsonl"), annotatedCandidateSchema);
  assert.deepEqual(
    judged.flatMap(({ sentences }) => sentences.map(({ verdict }) => verdict)),
    new Array(4).fill("no-fact"),
  );
});

test("a stream adds up to the whole answer, of every choice, up to the stop", async (t) => {
  const { post, stream } = await serving(t);
  const { answer: long } = await post("/chat/completions", { ...chat, n: 1 });
  const stop = long.choices[0]!.message!.content.slice(3, 5);
  const asks: [at: string, body: object][] = [
    ["/chat/completions", { ...chat, n: 3 }],
    ["/chat/completions", { ...chat, n: 2, stop: [stop, "neverever"], top_k: 5, temperature: 0.5 }],
    ["/completions", { model, prompt: ["Brno lies", "Lyon"], n: 2, seed: 3, max_tokens: 12, temperature: 2 }],
  ];
  for (const [at, body] of asks) {
    const { answer } = await post(at, body);
    const events = await stream(at, { ...body, stream_options: { include_usage: true } });
    assert.deepEqual(events.at(-1)!.usage, answer.usage);
    const chosen = events.flatMap(({ choices }) => choices);
    for (const { index, message, text, finish_reason } of answer.choices) {
      const own = chosen.filter((choice) => choice.index === index);
      const pieces = own.map((choice) => choice.delta?.content ?? choice.text ?? "");
      assert.equal(pieces.join(""), message?.content ?? text);
      assert.ok(pieces.filter(Boolean).length > 1, "in pieces");
      assert.deepEqual(own.map((choice) => choice.finish_reason).filter(Boolean), [finish_reason]);
      if (message) assert.equal(own[0]!.delta!.role, "assistant");
    }
    assert.equal(new Set(answer.choices.map((choice) => choice.text ?? choice.message!.content)).size > 1, true);
    assert.deepEqual((await post(at, body)).answer.choices, answer.choices, "the same again by the seed");
  }
  const { answer: cut } = await post("/chat/completions", { ...chat, stop });
  const whole = long.choices[0]!.message!.content;
  assert.equal(cut.choices[0]!.message!.content, whole.slice(0, whole.indexOf(stop)));
  assert.equal(cut.choices[0]!.finish_reason, "stop");
  assert.ok(cut.usage.completion_tokens < long.usage.completion_tokens, "and no token is sampled behind it");
});

test("embeddings are the last layer's mean, of length 1", async (t) => {
  const { post } = await serving(t);
  const { answer } = await post("/embeddings", { model, input: ["Brno", "Lyon lies there."] });
  const { answer: bytes } = await post("/embeddings", { model, input: "Brno", encoding_format: "base64" });
  const policy = loadPolicy(tinyModel);
  const { ids } = policy.tokenizer.encode("Brno");
  const last = (await hiddenStates(policy.model, policy.params, [ids]))[0]!.at(-1)!;
  policy.dispose();
  const D = 32;
  const mean = Array.from({ length: D }, (_, d) => ids.reduce((sum, _, i) => sum + last[i * D + d]!, 0));
  const norm = Math.hypot(...mean);
  const given = answer.data[0]!.embedding as number[];
  assert.equal(given.length, D);
  mean.forEach((value, d) => assert.ok(Math.abs(value / norm - given[d]!) < 1e-6));
  const raw = Buffer.from(bytes.data[0]!.embedding as string, "base64");
  assert.deepEqual([...new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length))], given);
  assert.deepEqual(answer.usage.prompt_tokens, ids.length + policy.tokenizer.encode("Lyon lies there.").ids.length);
  assert.equal(answer.data.length, 2);
});

test("an adapter is added to the weights", async (t) => {
  const dir = path.join(scratch(t), "tuned");
  const adapter = initialAdapter(
    readCheckpointConfig(tinyModel),
    { rank: 2, alpha: 32, targets: ["q_proj", "down_proj"], rslora: false },
    new Rng("adapter"),
  );
  for (const { data } of adapter.tensors.values()) data.forEach((_, i) => (data[i] = Math.sin(i + 1)));
  writeAdapter(dir, adapter, tinyModel);
  const merged = path.join(scratch(t), "tuned");
  await here.succeed(["merge", "--model", tinyModel, "--adapter", dir, "--out", merged]);
  const ask = { ...chat, model: "tuned", temperature: 0 };
  const said = async (more: Partial<ServeRequest>) =>
    (await (await serving(t, more)).post("/chat/completions", ask)).answer.choices[0]!.message!.content;
  const text = await said({ model: tinyModel, adapter: dir });
  assert.equal(text, await said({ model: merged }));
  const { answer } = await (await serving(t)).post("/chat/completions", { ...ask, model });
  assert.notEqual(text, answer.choices[0]!.message!.content);
});
