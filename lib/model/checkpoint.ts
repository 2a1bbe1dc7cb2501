/**
 * A Hugging Face checkpoint folder, read and written as is: config.json, generation_config.json,
 * model.safetensors and the tokenizer's files. A folder is written whole or not at all.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { checkFolder, restoreFolder, writeFolderAtomic, type FolderFiles } from "../base/folders";
import { firstNonFinite, type HalfType } from "../base/float16";
import { type Tokenizer, checkVocabulary, loadTokenizer } from "../text/tokenizer";
import { tokenizerFileNames } from "../text/tokenizerFiles";
import type { TransformerConfig } from "./config";
import { howToGet } from "./known";
import { readConfig, storedType, toHfConfig } from "./configFile";
import {
  type HostTensor,
  type SafetensorsReader,
  readSafetensors,
  weightFiles,
  writeSafetensors,
} from "./safetensors/safetensors";
import { storedName, unusedTensors, withStoredHead } from "./storedTensors";
import { weightShapes } from "./weights";

/** A checked folder whose weights are still on disk. */
export interface OpenCheckpoint {
  config: TransformerConfig;
  tokenizer: Tokenizer;
  /** Tensors of the files that the model has no use for (an equal output head that is tied, buffers). */
  extra: string[];
  /** Names and shapes of the weights: `weightShapes(config)`. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /**
   * Reads one weight, into the beginning of `room` where that is given.
   * @throws UserError for one with a number that is not finite
   */
  read: (name: string, room?: Float32Array) => HostTensor;
  /** The type in which a matrix is stored, where that is 16 bits and two of them make a float. */
  half: (name: string) => HalfType | undefined;
  /** Reads the bits of such a matrix, two numbers to a float. @throws UserError as `read` */
  readHalves: (name: string, room?: Float32Array) => Float32Array;
}

/** A model outside the engine. */
export interface Checkpoint extends Pick<OpenCheckpoint, "config" | "tokenizer" | "extra"> {
  /** Every weight of `weightShapes(config)`, under transformers' names and in its order. */
  tensors: Map<string, HostTensor>;
}

/**
 * What a checkpoint folder says of its model: config.json, and the files of weights where they know better.
 * @throws UserError for a missing folder or file, an adapter's folder, damaged weights, or as `readConfig`
 */
export function readCheckpointConfig(dir: string): TransformerConfig {
  restoreFolder(dir);
  const there = statSync(dir, { throwIfNoEntry: false });
  if (!there?.isDirectory())
    throw new UserError({
      where: dir,
      expected: "a checkpoint folder",
      got: there ? "a file" : "nothing there",
      fix: howToGet(dir),
    });
  if (!existsSync(path.join(dir, "config.json")) && existsSync(path.join(dir, "adapter_config.json"))) {
    throw new UserError({
      where: dir,
      expected: "a checkpoint folder",
      got: "an adapter",
      fix: "Merge it first: mask-dpo merge --model BASE --adapter DIR --out DIR.",
    });
  }
  const config = readConfig(path.join(dir, "config.json"));
  return hasWeights(dir) ? withStoredHead(config, readSafetensors(dir), dir) : config; // they may not be there yet
}

function hasWeights(dir: string): boolean {
  return weightFiles.some((name) => existsSync(path.join(dir, name)));
}

/** A checkpoint's tokenizer, and its configuration; no weights are read. @throws UserError as `openCheckpoint` */
export function openTokenizer(dir: string): Pick<OpenCheckpoint, "config" | "tokenizer"> {
  const config = readCheckpointConfig(dir);
  const tokenizer = loadTokenizer(dir);
  checkVocabulary(tokenizer, config.vocabSize, dir);
  return { config, tokenizer };
}

/**
 * Checks a checkpoint folder, one file of weights or several with an index; weights are read one by one when asked for.
 * @throws UserError for a missing folder or file, another architecture, a missing or misshapen weight, or a tokenizer
 * that does not fit the model
 */
export function openCheckpoint(dir: string): OpenCheckpoint {
  const { config, tokenizer } = openTokenizer(dir);
  const reader = readSafetensors(dir);
  const shapes = weightShapes(config);
  const stored = (name: string) => storedName(name, config, reader);
  for (const [name, shape] of shapes) checkWeight(reader, stored(name), shape, dir);
  return {
    config,
    tokenizer,
    extra: unusedTensors(config, reader, dir),
    shapes,
    read: (name, room) => finite(reader.get(stored(name), room), name, dir),
    half: (name) => halfOf(reader, stored(name), shapes.get(name)!),
    readHalves: (name, room) =>
      finiteHalves(reader.getHalves(stored(name), room), reader.half(stored(name))!, name, dir),
  };
}

/**
 * Whether all matrices of a folder are stored in 16 bits, which they keep while they are frozen: by the headers of its
 * files, or by config.json where they are not there yet.
 * @throws UserError for damaged files
 */
export function storesHalves(dir: string, config: TransformerConfig): boolean {
  if (!hasWeights(dir)) return /16$/.test(storedType(path.join(dir, "config.json")));
  const reader = readSafetensors(dir);
  return [...weightShapes(config)].every(([name, shape]) => {
    const stored = storedName(name, config, reader);
    return shape.length < 2 || (reader.has(stored) && halfOf(reader, stored, shape));
  });
}

/** The type of a matrix that is stored in 16 bits, two of which make a float. */
function halfOf(reader: SafetensorsReader, name: string, shape: readonly number[]): HalfType | undefined {
  return shape.length === 2 && shape[1]! % 2 === 0 ? reader.half(name) : undefined;
}

/**
 * Reads a whole checkpoint folder.
 * @throws UserError as `openCheckpoint`, or for a weight with a number that is not finite
 */
export function readCheckpoint(dir: string): Checkpoint {
  const { shapes, read, config, tokenizer, extra } = openCheckpoint(dir);
  return { config, tokenizer, extra, tensors: new Map([...shapes.keys()].map((name) => [name, read(name)])) };
}

/** @throws UserError when `dir` holds something that `writeCheckpoint` or `writeAdapter` would not replace */
export function checkReplaceable(dir: string): void {
  restoreFolder(dir);
  checkFolder(dir, "what mask-dpo left there");
}

/**
 * Writes a checkpoint folder that transformers loads, whole or not at all; one that was there stands until then.
 * @param tokenizerDir folder whose tokenizer files, and generation_config.json if any, are copied
 * @returns what it holds
 * @throws UserError when `dir` holds something that no such writing left
 */
export function writeCheckpoint(
  dir: string,
  config: TransformerConfig,
  tensors: ReadonlyMap<string, HostTensor>,
  tokenizerDir: string,
): FolderFiles {
  const shapes = weightShapes(config);
  const wrong =
    [...shapes].find(([name, shape]) => tensors.get(name)?.shape.join() !== shape.join()) ??
    [...tensors].find(([name]) => !shapes.has(name));
  if (wrong) throw new RangeError(`writeCheckpoint: ${wrong[0]} is missing, misshapen or not part of the model`);
  return writeFolderAtomic(dir, checkReplaceable, (next) => {
    writeSafetensors(path.join(next, "model.safetensors"), tensors);
    writeFileAtomic(path.join(next, "config.json"), json(toHfConfig(config)).replace(wholeFloats, "$1.0"));
    writeFileAtomic(path.join(next, "generation_config.json"), generationConfig(config, tokenizerDir));
    for (const name of tokenizerFileNames) {
      const file = path.join(tokenizerDir, name);
      if (existsSync(file)) writeFileAtomic(path.join(next, name), readFileSync(file));
    }
  });
}

/** transformers' strict types refuse 30 where they want a float, and JavaScript writes 30.0 so. */
const wholeFloats = /("(?:attn|final)_logit_softcapping": -?\d+)(?=[,\s])/g;

function checkWeight(reader: SafetensorsReader, name: string, shape: readonly number[], where: string): void {
  const fix = "Check that the weights belong to config.json.";
  if (!reader.has(name))
    throw new UserError({
      where,
      expected: `weight ${name} [${shape.join(", ")}]`,
      got: `no such tensor among ${reader.names.length}`,
      fix,
    });
  const got = reader.shape(name);
  if (got.join() !== shape.join())
    throw new UserError({
      where,
      expected: `weight ${name} of shape [${shape.join(", ")}]`,
      got: `[${got.join(", ")}]`,
      fix,
    });
}

/** @returns the tensor @throws UserError when a number in it is not finite @param where for the message */
export function finite(tensor: HostTensor, name: string, where: string): HostTensor {
  const { data } = tensor;
  let bad = 0;
  while (bad < data.length && Number.isFinite(data[bad])) bad++;
  if (bad === data.length) return tensor;
  throw notFinite(`${data[bad]}`, bad, name, where);
}

function finiteHalves(pairs: Float32Array, type: HalfType, name: string, where: string): Float32Array {
  const bad = firstNonFinite(new Uint16Array(pairs.buffer, pairs.byteOffset, 2 * pairs.length), type);
  if (bad < 0) return pairs;
  throw notFinite("NaN or an infinity", bad, name, where);
}

function notFinite(got: string, element: number, name: string, where: string): UserError {
  return new UserError({
    where,
    expected: `finite numbers in weight ${name}`,
    got: `${got} at element ${element}`,
    fix: "The checkpoint is damaged or its training diverged; use an earlier one.",
  });
}

function generationConfig(config: TransformerConfig, tokenizerDir: string): string | Uint8Array {
  const file = path.join(tokenizerDir, "generation_config.json");
  if (existsSync(file)) return readFileSync(file);
  const { bos_token_id, eos_token_id, pad_token_id } = toHfConfig(config);
  return json(
    Object.fromEntries(
      Object.entries({ bos_token_id, eos_token_id, pad_token_id }).filter(([, value]) => value !== null),
    ),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
