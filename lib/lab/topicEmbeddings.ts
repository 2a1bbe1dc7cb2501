/**
 * The embeddings of §4.3 over all of Atlas, with the session's policies; a policy's vectors are kept in a run folder.
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
import {
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
import type { Session } from "./session";
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

/** The run folders of the policies' own vectors, and of the answers by which their layers are chosen. */
export async function embeddingRuns(session: Session): Promise<string[]> {
  return runsOf(await chooseLayer(session, session.baseDir), await chooseLayer(session, session.otherDir));
}

interface PolicyVectors extends Traced {
  /** from 0 */
  layers: TopicVectors[];
}

function policyVectors({ atlas, engine, runs }: Session, policyDir: string): Promise<PolicyVectors> {
  const policy = policyHash(policyDir);
  return once(`vectors ${policy} ${runs}`, async () => {
    const mentions = trainingMentions(atlas.topics);
    const key = { policy, mentions: hashOf(mentions), engine: engine.arithmetic, code: codeVersions("embedding") };
    const folder = runFolder(runs, "vectors", key);
    const file = path.join(folder, "vectors.safetensors");
    const ids = atlas.topics.map(({ id }) => id);
    if (!existsSync(file)) writeVectors(file, ids, await embed(policyDir, mentions));
    return { layers: readVectors(file, ids), runs: [path.basename(folder)] };
  });
}

async function embed(policyDir: string, mentions: readonly Mention[]): Promise<Map<string, Float32Array>[]> {
  return withPolicy(policyDir, (policy) => topicEmbeddings(policy, mentions));
}

/** A tensor [topics, D] a layer. */
function writeVectors(file: string, ids: readonly string[], layers: readonly Map<string, Float32Array>[]): void {
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
