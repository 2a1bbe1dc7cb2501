/** `mask-dpo tpo`: test-time preference optimisation of a file's questions through a server (`optimise.ts`). */
import { codeVersions } from "../../base/codeVersions";
import { hashOf } from "../../base/hash";
import { required, writeJsonl } from "../../base/jsonl";
import { startProgress } from "../../base/progress";
import { Rng } from "../../base/rng";
import { claimBeside } from "../../base/runFolder";
import { inShard, readShards, ShardedLog } from "../../base/shardedLog";
import { mean } from "../../base/stats";
import type { Annotator } from "../../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import type { SamplingOptions } from "../../model/generate";
import { runJobs } from "../../server/jobs";
import type { Reply } from "../../server/wire";
import type { Table } from "../../show/table";
import { questionsOf } from "../../world/questionFile";
import { annotatorNamed } from "../annotators";
import { byKey, clientOf, modelOf, usageText, waiting, type ServerFlags } from "../server";
import { bestOf, optimise, optimisedSchema, type AskFor, type Optimised, type OptimiseSize } from "./optimise";

/** As in TPO's README. */
export const tpoDefaults = { samples: 5, rounds: 2, temperature: 0.7, topK: 0, topP: 0.95 } as const;

export interface TpoFlags extends ServerFlags, OptimiseSize {
  questions: string;
  annotator: string;
  out: string;
  sampling: SamplingOptions;
}

/** Answers of a file's questions. @returns what to say, and the scores by round where all is there */
export async function tpoVerb(flags: TpoFlags): Promise<{ text: string; table?: Table }> {
  const { questions: file, out, samples, rounds, sampling, seed, shard, price } = flags;
  const model = modelOf(flags);
  const questions = required(questionsOf(file), file, "question");
  const entry = annotatorNamed(flags.annotator);
  if (entry.server) throw new Error(`tpoVerb: expected an annotator of this process, got ${entry.name}`);
  const annotator = await entry.open({ options: {}, files: {}, questions });
  const dir = claimBeside(out, {
    model,
    questions: hashOf(questions),
    annotator: annotator.name,
    samples,
    rounds,
    sampling,
    seed,
    extra: flags.extra ?? {},
    code: codeVersions("sampling", "annotation", "gazetteer"),
  });
  await optimiseAll(flags, dir, questions, annotator);
  const rows = byKey(readShards(dir, optimisedLog, optimisedSchema), ({ questionId }) => questionId);
  const done = questions.flatMap(({ id }) => rows.get(id) ?? []);
  const usage = usageText(done, price);
  if (done.length < questions.length)
    return { text: waiting(shard, done.length, questions.length, "questions", out, usage) };
  writeJsonl(out, done.map(bestAnswer));
  return {
    text: `${done.length} answers in ${out}, all of them in ${dir}; ${usage}`,
    table: roundTable(done, samples),
  };
}

const optimisedLog = "optimised";

async function optimiseAll(
  flags: TpoFlags,
  dir: string,
  questions: readonly Question[],
  annotator: Annotator,
): Promise<void> {
  const { sampling, seed, shard } = flags;
  const client = clientOf(flags);
  const log = new ShardedLog(dir, optimisedLog, shard, optimisedSchema);
  const own = questions.filter(({ id }) => inShard(id, shard));
  const known = new Set(log.rows.map(({ questionId }) => questionId));
  const missing = own.filter(({ id }) => !known.has(id));
  const progress = startProgress("optimise answers", own.length, own.length - missing.length);
  let finished = own.length - missing.length;
  try {
    await runJobs(
      client,
      missing,
      async (question) => {
        const rng = new Rng(seed).fork(question.id);
        const askFor: AskFor = async (prompt, n, label) => {
          const replies: Reply[] = [];
          for (let index = 0; index < n; index++) {
            const stream = rng.fork(label).fork(index);
            const reply = await client.ask({ prompt, sampling, seed: stream.int(2 ** 31) });
            if (reply.silent !== undefined) throw client.silence(reply);
            replies.push(reply);
          }
          return replies;
        };
        log.append(await optimise(askFor, annotator, question, flags));
        progress.update(++finished);
      },
      "questions",
    );
  } finally {
    progress.stop();
    log.close();
  }
}

/** As annotated candidates are. */
function bestAnswer({ questionId, answers }: Optimised): AnnotatedCandidate {
  const best = bestOf(answers);
  return { questionId, index: 0, completion: best.completion, seed: 0, sentences: best.sentences };
}

/** Scores of the best so far, and of what each round has written. */
function roundTable(rows: readonly Optimised[], samples: number): Table {
  const rounds = [...new Set(rows[0]!.answers.map(({ round }) => round))];
  return {
    name: "tpo",
    caption: "Scores by round, by the annotator that has chosen (%): compare the best with best of as many samples",
    columns: [
      { key: "round", label: "Round", digits: 0 },
      { key: "samples", label: "Samples so far", digits: 0 },
      { key: "mean", label: "Mean of the round" },
      { key: "best", label: "Best so far" },
    ],
    rows: rounds.map((round) => ({
      round,
      samples: samples * (round + 1),
      mean:
        100 *
        mean(rows.flatMap(({ answers }) => answers.filter((one) => one.round === round).map(({ score }) => score))),
      best: 100 * mean(rows.map(({ answers }) => bestOf(answers.filter((one) => one.round <= round)).score)),
    })),
  };
}
