/**
 * Sampling against transformers generate: K = 32 candidates, and best-of-256 on the test questions. Both start from the
 * same prompts.
 */
import { Rng } from "../../lib/base/rng";
import { bestOfN } from "../../lib/evaluation/bestOfN";
import { annotateCandidates } from "../../lib/factuality/annotator";
import type { Candidate, Question } from "../../lib/factuality/records";
import { paperSampling } from "../../lib/model/generate";
import { samplingTasks } from "../../lib/preference/candidate";
import { samplePool } from "../../lib/preference/samplePool";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { atlasAnnotator } from "../../lib/world/oracle";
import { Peer } from "./peers";
import { race, ratios, seconds, spread, type Row } from "./race";
import { benchSession } from "./work";

interface Generated {
  seconds: number;
  tokens: number;
}

export async function sampleSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const session = await benchSession();
  const {
    atlas,
    baseDir,
    preset: { maxNewTokens },
  } = session;
  const tokenizer = loadTokenizer(baseDir);
  const sampling = { ...paperSampling, maxNewTokens };
  const generate = await Peer.python(python, "hf_generate.py", {
    model: baseDir,
    seed: 1,
    top_k: sampling.topK,
    temperature: sampling.temperature,
    max_new_tokens: maxNewTokens,
  });
  const annotator = atlasAnnotator(atlas);
  try {
    /** Tokens a second of both sides over slices of questions, one a round. */
    const against = async (
      work: string,
      slices: readonly Question[][],
      k: number,
      promptsAtOnce: number,
      goal: number,
      after: (rows: Candidate[], questions: Question[]) => void | Promise<void>,
    ): Promise<Row> => {
      const lengths: Record<"ours" | "transformers", number> = { ours: 0, transformers: 0 };
      const times = await race(slices.length, 0, {
        ours: async (round) => {
          const rows: Candidate[] = [];
          const took = await seconds(async () => {
            for await (const candidates of samplePool(
              { policyDir: baseDir, k, sampling, seed: 1 },
              samplingTasks(tokenizer, slices[round]!, k),
            ))
              rows.push(...candidates);
            await after(rows, slices[round]!);
          });
          const tokens = rows.reduce((n, { tokenIds }) => n + tokenIds!.length, 0);
          lengths.ours = tokens / rows.length;
          return tokens / took;
        },
        transformers: async (round) => {
          const { seconds, tokens } = await generate.ask<Generated>({
            k,
            at_once: promptsAtOnce,
            prompts: slices[round]!.map(({ prompt }) => promptIds(tokenizer, prompt)),
          });
          lengths.transformers = tokens / (slices[round]!.length * k);
          return tokens / seconds;
        },
      });
      return {
        suite: "sample",
        work,
        unit: "tokens/s",
        peerName: "transformers generate",
        goal,
        ours: spread(times.ours),
        peer: spread(times.transformers),
        ratio: ratios(times.ours, times.transformers),
        check: `tokens per completion: ${lengths.ours.toFixed(1)} and ${lengths.transformers.toFixed(1)}`,
      };
    };
    const slice = (questions: readonly Question[], size: number, count: number) =>
      Array.from({ length: count }, (_, i) => questions.slice(i * size, (i + 1) * size));
    const training = new Rng("bench questions").shuffle(atlas.splits.train);
    const test = atlas.splits.test;
    return [
      // 32 prompts a call is the fastest of 4, 16, 32 and 64 for transformers here
      await against(
        "sample K = 32 of 128 prompts (our workers' start included)",
        slice(training, 128, rounds),
        32,
        32,
        3,
        () => undefined,
      ),
      await against(
        `best of 256 on ${test.length} prompts (ours with annotation and curve)`,
        slice(test, Math.ceil(test.length / 3), 3),
        256,
        4,
        3,
        async (rows, questions) => {
          bestOfN(await annotateCandidates(rows, questions, annotator), questions, [1, 16, 256], new Rng(1));
        },
      ),
    ];
  } finally {
    generate.close();
  }
}
