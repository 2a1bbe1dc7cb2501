/**
 * The embeddings of §4.3 over all of Atlas, with the session's policies; vectors of policies and of a server are kept
 * in run folders.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { runsOf, type Traced } from "../show/provenance";
import { hashOf } from "../base/hash";
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import { topicEmbeddings, type Mention } from "../model/embed";
import { withPolicy, policyHash } from "../model/policy";
import { readSafetensors, writeSafetensors } from "../model/safetensors/safetensors";
import { startProgress } from "../base/progress";
import { apiKeyVariable, ServerClient } from "../server/client";
import { embedTexts } from "../server/embeddings";
import {
  embeddingNames,
  geographyVectors,
  randomVectors,
  trainingMentions,
  wordVectors,
  type EmbeddingName,
  type TopicVectors,
} from "../topic/embedding";
import { hallucinationGraph, meanRank } from "../topic/hallucinationGraph";
import { wrongStatements } from "../topic/wrongStatements";
import { answersOf } from "./candidates";
import { runFolder } from "../base/runFolder";
import type { EmbeddingServer, Session } from "./session";
import { codeVersions } from "../base/codeVersions";

/**
 * Mean relative rank of the base policy's wrong statements on validation topics, by the vectors of each layer of a
 * policy.
 */
export interface LayerChoice extends Traced {
  /** Whose rank is lowest; the last where there was no wrong statement. */
  layer: number;
  /** From layer 0, the embeddings. */
  ranks: Interval[];
}

const computed = new Map<string, Promise<unknown>>();

/** The value under a key, computed at the first call. A failure is not kept. */
function once<T>(key: string, compute: () => Promise<T>): Promise<T> {
  let value = computed.get(key) as Promise<T> | undefined;
  if (!value) {
    value = compute();
    computed.set(key, value);
    value.catch(() => computed.delete(key));
  }
  return value;
}

/** For a notebook without a server of embeddings. */
export const howToServeEmbeddings =
  "No server of embeddings, so the paper's third kind of them (OpenAI's) is not among these. " +
  "MASK_DPO_EMBEDDINGS_SERVER and MASK_DPO_EMBEDDINGS_MODEL name an OpenAI-compatible one and its model " +
  "(MASK_DPO_API_KEY its key); `mask-dpo serve` is one.";

/** The embeddings there are in a session. */
export function embeddingsOf({ embeddings }: Session): EmbeddingName[] {
  return embeddingNames.filter((name) => name !== "served" || embeddings !== undefined);
}

/** Vectors of all topics of Atlas, in its order; a policy's at the layer that `chooseLayer` finds. */
export async function topicVectors(session: Session, name: EmbeddingName): Promise<TopicVectors> {
  const { topics } = session.atlas;
  const ofPolicy = async (dir: string) =>
    (await policyVectors(session, dir)).layers[(await chooseLayer(session, dir)).layer]!;
  switch (name) {
    case "base":
      return ofPolicy(session.baseDir);
    case "other":
      return ofPolicy(session.otherDir);
    case "words":
      return once("words", () => Promise.resolve(wordVectors(topics)));
    case "served":
      return (await servedVectors(session, session.embeddings!)).layers[0]!;
    case "geography":
      return geographyVectors(topics);
    case "random":
      return randomVectors(topics, new Rng(session.seed).fork("random vectors"));
  }
}

/**
 * The layer rule: on validation topics, which nothing else here uses, the layer by whose vectors the base policy's
 * wrong statements are nearest. The same errors for every policy, so that each is seen at its best.
 */
export async function chooseLayer(session: Session, policyDir: string): Promise<LayerChoice> {
  const { atlas, baseDir, seed, preset, world } = session;
  return once(`layer ${world} ${policyHash(baseDir)} ${policyHash(policyDir)} ${seed} ${preset.name}`, async () => {
    const { questions, answers, runs } = await answersOf(session, baseDir, "validation", "sampled");
    const wrong = wrongStatements(atlas, questions, answers);
    const vectors = await policyVectors(session, policyDir);
    const ranks = vectors.layers.map((vectors) =>
      meanRank(hallucinationGraph(atlas, vectors, wrong), new Rng(seed).fork("layer")),
    );
    const best = ranks.reduce((least, { value }, layer) => (value < ranks[least]!.value ? layer : least), 0);
    return {
      layer: Number.isNaN(ranks[best]!.value) ? ranks.length - 1 : best,
      ranks,
      runs: runsOf({ runs }, vectors),
    };
  });
}

/** The run folders of the policies' and a server's vectors, and of the answers by which layers are chosen. */
export async function embeddingRuns(session: Session): Promise<string[]> {
  const { embeddings } = session;
  return runsOf(
    await chooseLayer(session, session.baseDir),
    await chooseLayer(session, session.otherDir),
    ...(embeddings ? [await servedVectors(session, embeddings)] : []),
  );
}

interface KeptVectors extends Traced {
  /** of a policy from 0; a server gives one */
  layers: TopicVectors[];
}

function policyVectors(session: Session, policyDir: string): Promise<KeptVectors> {
  const { atlas, engine } = session;
  const policy = policyHash(policyDir);
  return keptVectors(session, policy, () => {
    const mentions = trainingMentions(atlas.topics);
    const key = { policy, mentions: hashOf(mentions), engine: engine.arithmetic, code: codeVersions("embedding") };
    return { key, compute: () => embed(policyDir, mentions) };
  });
}

/** What a server makes of the topics' names, as they stand in questions. */
function servedVectors(session: Session, { url, model }: EmbeddingServer): Promise<KeptVectors> {
  const { topics } = session.atlas;
  return keptVectors(session, `served by ${model}`, () => {
    const names = topics.map(({ name }) => name);
    const key = { served: model, texts: hashOf(names), code: codeVersions("embedding") };
    const compute = async () => {
      const options = { url, model, concurrency: 1, retries: 6, timeoutMs: 240_000, seed: session.seed };
      const client = new ServerClient(options, process.env[apiKeyVariable] || undefined);
      const progress = startProgress("embeddings", names.length);
      try {
        const vectors = await embedTexts(client, names, (done) => progress.update(done));
        return [new Map(topics.map(({ id }, i) => [id, vectors[i]!]))];
      } finally {
        progress.stop();
      }
    };
    return { key, compute };
  });
}

type Layers = ReadonlyMap<string, Float32Array>[];

/** @param whose names the vectors in this process @param open what they are kept under, and how they come about */
function keptVectors(
  { atlas, runs }: Session,
  whose: string,
  open: () => { key: object; compute: () => Promise<Layers> },
): Promise<KeptVectors> {
  return once(`vectors ${whose} ${runs}`, async () => {
    const { key, compute } = open();
    const folder = runFolder(runs, "vectors", key);
    const file = path.join(folder, "vectors.safetensors");
    const ids = atlas.topics.map(({ id }) => id);
    if (!existsSync(file)) writeVectors(file, ids, await compute());
    return { layers: readVectors(file, ids), runs: [path.basename(folder)] };
  });
}

async function embed(policyDir: string, mentions: readonly Mention[]): Promise<Map<string, Float32Array>[]> {
  return withPolicy(policyDir, (policy) => topicEmbeddings(policy, mentions));
}

/** A tensor [topics, D] a layer. */
function writeVectors(file: string, ids: readonly string[], layers: Readonly<Layers>): void {
  writeSafetensors(
    file,
    new Map(
      layers.map((vectors, layer) => {
        const rows = ids.map((id) => vectors.get(id)!);
        const width = rows[0]!.length;
        const data = new Float32Array(ids.length * width);
        rows.forEach((row, i) => data.set(row, i * width));
        return [String(layer), { shape: [ids.length, width], data }];
      }),
    ),
  );
}

function readVectors(file: string, ids: readonly string[]): TopicVectors[] {
  const tensors = readSafetensors(file);
  return Array.from({ length: tensors.names.length }, (_, layer) => {
    const {
      data,
      shape: [, width],
    } = tensors.get(String(layer));
    return new Map(ids.map((id, i) => [id, data.subarray(i * width!, (i + 1) * width!)]));
  });
}
