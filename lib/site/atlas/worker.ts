/** The worker of the page: opens Atlas, asks, trains. One request after the other; `stop` is heard at once. */
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { repairWasm } from "../../engine/wasmRepairs";
import type { Policy } from "../../model/policy";
import type { TokenizedPair } from "../../preference/collate";
import { atlasOf, type Atlas } from "../../world/atlasOf";
import { answersOf, heatOf, judgedAnswer, pairOf, questionOf, questionsAbout, shownPair } from "./asking";
import { unpacked } from "./packed";
import { floatsOf, Policies, type AtlasInfo } from "./policies";
import type { Asked, PackedAtlas, PolicyName, Reply, Request } from "./protocol";
import { samplePairs, trainOn } from "./training";

const reply = (message: Reply): void => self.postMessage(message);

interface Opened {
  atlas: Atlas;
  policies: Policies;
  running: Record<"base" | "aligned", Policy> & Partial<Record<"yours", Policy>>;
}

let opened: Opened | undefined;
let lastPair: TokenizedPair | undefined;
let stopping = false;

/** The engine from its bytes: what a worker made of a script may not fetch by path. */
async function startWasm(bytes: Uint8Array): Promise<void> {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/wasm" }));
  const names = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];
  setWasmPaths(Object.fromEntries(names.map((name) => [name, url])));
  if (!(await tf.setBackend("wasm"))) throw new Error("this browser's WebAssembly has no SIMD; a newer one has");
  repairWasm();
  URL.revokeObjectURL(url);
}

async function open(packed: PackedAtlas): Promise<Opened> {
  const [info, base, adapter, wasm] = await Promise.all(
    [packed.info, packed.base, packed.adapter, packed.wasm].map(unpacked),
  );
  await startWasm(wasm!);
  const { config, tokenizer, lora, facts } = JSON.parse(new TextDecoder().decode(info)) as AtlasInfo;
  const atlas = atlasOf(facts, "the page", "free");
  const policies = new Policies({ config, tokenizer });
  const weights = floatsOf(base!);
  const running = { base: policies.of(weights), aligned: policies.adapted(weights, floatsOf(adapter!), lora) };
  const topics = atlas.topics.map((topic) => ({
    id: topic.id,
    name: topic.name,
    label: topic.kind === "city" ? `${topic.name}, ${topic.country.name}` : topic.name,
    questions: questionsAbout(topic),
  }));
  reply({ kind: "ready", topics });
  return { atlas, policies, running };
}

/** Greedy answers first, of every policy: those are there at once. */
async function ask({ atlas, running }: Opened, asked: Asked): Promise<void> {
  const question = questionOf(asked);
  const policies = (Object.entries(running) as [PolicyName, Policy | undefined][]).filter(([, policy]) => policy);
  const show = async (policy: PolicyName, running: Policy, k: number) => {
    const candidates = await answersOf(running, atlas, question, k, asked.seed);
    const answers = candidates.map((candidate) => judgedAnswer(atlas, question, candidate));
    reply({ kind: "answers", policy, greedy: k === 1, answers });
    return { candidates, answers };
  };
  for (const [name, policy] of policies) await show(name, policy!, 1);
  lastPair = undefined;
  for (const [name, policy] of policies) {
    if (stopping) return;
    const { candidates, answers } = await show(name, policy!, asked.k);
    if (name !== "base") continue;
    const found = pairOf(question, candidates, asked.seed);
    if ("why" in found) reply({ kind: "pair", pair: undefined, why: found.why });
    else {
      const { tokenized, sides } = shownPair(policy!, found.pair, candidates, answers, asked.seed);
      lastPair = tokenized;
      reply({ kind: "pair", pair: sides, why: "" });
    }
  }
  await showHeat(running);
}

async function showHeat(running: Opened["running"]): Promise<void> {
  for (const name of ["aligned", "yours"] as const)
    if (lastPair && running[name])
      reply({ kind: "heat", policy: name, heat: await heatOf(running[name], running.base, lastPair) });
}

/** Policies on the way answer the question that was asked last. */
const answerEvery = 5;

async function trainHere(
  { atlas, policies, running }: Opened,
  { mask, size, seed, asked }: Extract<Request, { kind: "train" }>,
): Promise<void> {
  const question = questionOf(asked);
  const sampling = samplePairs(running.base, atlas, size, seed);
  let next = await sampling.next();
  for (; !next.done && !stopping; next = await sampling.next())
    reply({
      kind: "progress",
      text: `${Math.min(next.value.length, size.pairs)} of ${size.pairs} pairs sampled and judged`,
    });
  if (!next.done) return;
  reply({ kind: "progress", text: "log-probabilities of the reference" });
  let weights: Float32Array | undefined;
  for await (const { log, weights: own } of trainOn(running.base, policies.layout, next.value, mask, size, seed)) {
    weights = own;
    const shows = log.step % answerEvery === 0 || log.step === log.steps;
    reply({ kind: "step", log, ...(shows && { answer: await greedyAnswer(own) }) });
    reply({ kind: "progress", text: `step ${log.step} of ${log.steps}` });
    if (stopping) break;
  }
  if (!weights) return;
  running.yours?.dispose();
  running.yours = policies.of(weights);
  await showHeat(running);

  async function greedyAnswer(weights: Float32Array) {
    const policy = policies.of(weights);
    try {
      const [candidate] = await answersOf(policy, atlas, question, 1, asked.seed);
      return judgedAnswer(atlas, question, candidate!);
    } finally {
      policy.dispose();
    }
  }
}

async function handle(request: Request): Promise<void> {
  if (request.kind === "open") opened = await open(request.atlas);
  else if (!opened) throw new Error("Atlas is not open yet");
  else if (request.kind === "ask") await ask(opened, request);
  else if (request.kind === "train") await trainHere(opened, request);
}

let last = Promise.resolve();
self.onmessage = ({ data: request }: MessageEvent<Request>): void => {
  if (request.kind === "stop") {
    stopping = true;
    return;
  }
  last = last
    .then(async () => {
      stopping = false;
      await handle(request);
      reply({ kind: "done", of: request.kind, stopped: stopping });
    })
    .catch((error: unknown) => reply({ kind: "failed", message: (error as Error).message }));
};
