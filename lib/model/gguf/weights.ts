/** Weights of a GGUF file under transformers' names, read in pieces: 16-bit numbers as they are, others as float32. */
import { UserError, brief } from "../../base/check";
import { firstNonFinite, type HalfType } from "../../base/float16";
import type { TransformerConfig } from "../config";
import type { LayerPart } from "../family/family";
import { familyOf } from "../family/registry";
import type { TensorPieces } from "../safetensors/safetensors";
import { damaged, fill, withFile } from "../safetensors/header";
import { weightShapes } from "../weights";
import { unsupported, type GgufFile, type GgufTensor } from "./file";

/** llama.cpp's names of what a layer is made of. */
const layerParts: Readonly<Record<LayerPart, string>> = {
  query: "attn_q",
  key: "attn_k",
  value: "attn_v",
  output: "attn_output",
  gate: "ffn_gate",
  up: "ffn_up",
  down: "ffn_down",
  attentionNorm: "attn_norm",
  mlpNorm: "ffn_norm",
  attentionOutputNorm: "post_attention_norm",
  mlpOutputNorm: "post_ffw_norm",
  queryNorm: "attn_q_norm",
  keyNorm: "attn_k_norm",
};

/** Factors of rotary frequencies, which become config.json's. */
export const ropeFactors = "rope_freqs.weight";

/** Numbers of a piece, about. */
const pieceLength = 1 << 20;

/**
 * Every weight of the model, whose bytes are read when they are asked for.
 * @param rotated whether rows of queries and keys lie as llama.cpp's rotary embedding of neighbours wants them
 * @throws UserError for a weight that is missing, misshapen or unknown
 */
export function ggufWeights(gguf: GgufFile, config: TransformerConfig, rotated: boolean): Map<string, TensorPieces> {
  const places = namesOf(config);
  const weights = new Map<string, TensorPieces>();
  const used = new Set([ropeFactors]);
  for (const [name, shape] of weightShapes(config)) {
    const { stored, part } = places(name);
    const tensor = checked(gguf, stored, shape);
    used.add(stored);
    const turned = rotated && (part === "query" || part === "key");
    weights.set(name, {
      dtype: tensor.type.widen ? "F32" : (tensor.type.name as "F32" | HalfType),
      shape,
      pieces: () => readPieces(gguf.file, tensor, turned ? config.headDim : undefined),
    });
  }
  const unknown = [...gguf.tensors.keys()].find((name) => !used.has(name));
  if (unknown) throw unsupported(gguf.file, `weights of ${config.architecture}`, `tensor ${brief(unknown)} as well`);
  return weights;
}

/** From transformers' name of a weight to llama.cpp's. */
function namesOf(config: TransformerConfig): (name: string) => { stored: string; part?: string } {
  const { embedding, layers, layer, norm, head } = familyOf(config).names;
  const outer: Readonly<Record<string, string>> = {
    [embedding]: "token_embd",
    [norm]: "output_norm",
    [head]: "output",
  };
  const parts = new Map(Object.entries(layer).map(([part, module]) => [module, part as LayerPart]));
  return (name) => {
    const at = name.lastIndexOf(".");
    const [module, kind] = [name.slice(0, at), name.slice(at)];
    if (outer[module]) return { stored: outer[module] + kind };
    const [, i, inner] = /^(\d+)\.(.+)$/.exec(module.slice(layers.length + 1))!;
    const part = parts.get(inner!)!;
    return { stored: `blk.${i}.${layerParts[part]}${kind}`, part };
  };
}

function checked({ file, tensors }: GgufFile, name: string, shape: readonly number[]): GgufTensor {
  const tensor = tensors.get(name);
  if (tensor?.shape.join() === shape.join()) return tensor;
  throw new UserError({
    where: file,
    expected: `tensor ${name} [${shape.join(", ")}]`,
    got: tensor ? `[${tensor.shape.join(", ")}]` : `no such tensor among ${tensors.size}`,
    fix: damaged,
  });
}

/** All numbers of a small tensor that is not in 16 bits. */
export function readNumbers(file: string, tensor: GgufTensor): Float32Array {
  const { buffer } = Uint8Array.from(Buffer.concat([...readPieces(file, tensor)]));
  return new Float32Array(buffer);
}

/** Bytes of a tensor: 16-bit numbers as they are, others as float32. @param head rows of one, to be put back */
export function* readPieces(file: string, tensor: GgufTensor, head?: number): Generator<Uint8Array> {
  const { type, shape, start, bytes } = tensor;
  const row = shape.length > 1 ? shape.at(-1)! : 1;
  const rows = head ?? Math.max(1, Math.floor(pieceLength / row));
  const stride = (rows * row * type.bytes) / type.length;
  const width = type.widen || type.name === "F32" ? 4 : 2;
  for (let done = 0; done < bytes; done += stride) {
    const from = new Uint8Array(Math.min(stride, bytes - done));
    withFile(file, (fd) => fill(fd, file, start + done, from), "GGUF");
    const out = type.widen ? widened(from, type.widen, type.bytes, type.length) : from;
    checkFinite(file, tensor, out);
    yield head === undefined ? out : halvesApart(out, row * width);
  }
}

function widened(from: Uint8Array, widen: NonNullable<GgufTensor["type"]["widen"]>, bytes: number, length: number) {
  const out = new Float32Array((from.length / bytes) * length);
  for (let at = 0, to = 0; at < from.length; at += bytes, to += length) widen(from, at, out, to);
  return new Uint8Array(out.buffer);
}

/**
 * Rows of one head. transformers turns row i with row i + half, llama.cpp neighbours: its rows are 0, half, 1,
 * half + 1, …
 */
function halvesApart(rows: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(rows.length);
  const half = rows.length / width / 2;
  for (let i = 0; i < 2 * half; i++)
    out.set(rows.subarray(i * width, (i + 1) * width), ((i % 2) * half + Math.floor(i / 2)) * width);
  return out;
}

function checkFinite(file: string, { name, type }: GgufTensor, { buffer, byteLength }: Uint8Array): void {
  const sound =
    type.name === "F16" || type.name === "BF16"
      ? firstNonFinite(new Uint16Array(buffer, 0, byteLength / 2), type.name) < 0
      : allFinite(new Float32Array(buffer, 0, byteLength / 4));
  if (sound) return;
  throw new UserError({
    where: file,
    expected: `finite numbers in tensor ${brief(name)} (${type.name})`,
    got: "NaN or an infinity",
    fix: damaged,
  });
}

function allFinite(numbers: Float32Array): boolean {
  for (const x of numbers) if (!Number.isFinite(x)) return false;
  return true;
}
