/** GGUF files that are damaged, made to do harm, or of models that are not supported: each ends in an error by name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../lib/base/check";
import { importModelVerb } from "../../../lib/steps/importModel";
import { scratch, userError } from "../../golden/fixtures";
import { bytesFile, craft, craftFile, smallModel, text, u32, u64, type Craft } from "./craft";

const huge = 10n ** 18n;

const damages: Record<string, [change: (model: Craft) => void, message: RegExp]> = {
  "tensors without number": [(m) => void (m.counts = [huge, 0]), /1000000000000000000/],
  "more tensors than fit": [(m) => void (m.counts = [1e9, 0]), /1000000000 tensors, got \d+ bytes to the end/],
  "more entries than fit": [(m) => void (m.counts = [0, 2n ** 40n]), /metadata entries, got \d+ bytes to the end/],
  "an entry more than there is": [(m) => void (m.counts = [11, 17]), /expected/],
  "an offset behind the end": [
    ({ tensors }) => void (tensors["output_norm.weight"]!.offset = 2 ** 40),
    /"output_norm.weight" up to byte/,
  ],
  "an offset beyond all numbers": [({ tensors }) => void (tensors["output_norm.weight"]!.offset = huge), /offset/],
  "an offset between": [({ tensors }) => void (tensors["output_norm.weight"]!.offset = 33), /at a multiple of 32/],
  "tensors that overlap": [({ tensors }) => void (tensors["output_norm.weight"]!.offset = 0), /from byte \d+ on/],
  "a shape beyond the file": [
    ({ tensors }) => void (tensors["output_norm.weight"] = { shape: [2 ** 50], data: Buffer.alloc(4) }),
    /\[1125899906842624\], got a file of/,
  ],
  "a tensor of nothing": [({ tensors }) => void (tensors["output_norm.weight"] = { shape: [0] }), /rows of tensor/],
  "five dimensions": [({ tensors }) => void (tensors["output_norm.weight"] = { shape: [1, 1, 1, 1, 8] }), /1 to 4 dim/],
  "half a block": [({ tensors }) => void (tensors["token_embd.weight"]!.type = 2), /multiples of 32 numbers \(Q4_0\)/],
  "an alignment of zero": [({ metadata }) => void (metadata["general.alignment"] = 0), /general\.alignment, got 0/],
  "a merge of one": [({ metadata }) => void (metadata["tokenizer.ggml.merges"] = ["ab"]), /two tokens with a space/],
  "an end that is no token": [
    ({ metadata }) => void (metadata["tokenizer.ggml.eos_token_id"] = 9),
    /eos_token_id below 4, got 9/,
  ],
  "types for other tokens": [({ metadata }) => void (metadata["tokenizer.ggml.token_type"] = [1]), /a token_type for/],
  "layers without number": [
    ({ metadata }) => void (metadata["llama.block_count"] = 4e9),
    /tensors of 4000000000 layers/,
  ],
  "a weight that is missing": [({ tensors }) => void delete tensors["blk.0.attn_v.weight"], /tensor blk\.0\.attn_v\.w/],
  "a misshapen weight": [
    ({ tensors }) => void (tensors["blk.0.attn_v.weight"]!.shape = [8, 8]),
    /attn_v\.weight \[4, 8\], got \[8, 8\]/,
  ],
  "a number that is none": [
    ({ tensors }) => void (tensors["output_norm.weight"]!.data = Buffer.alloc(32, 255)),
    /finite numbers in tensor "output_norm\.weight" \(F32\)/,
  ],
};

const unsupported: Record<string, [change: (model: Craft) => void, message: RegExp]> = {
  "an architecture": [
    ({ metadata }) => void (metadata["general.architecture"] = "mamba"),
    /llama or qwen2, got "mamba"/,
  ],
  "no architecture": [({ metadata }) => void delete metadata["general.architecture"], /got "none"/],
  "the name of a method": [({ metadata }) => void (metadata["general.architecture"] = "constructor"), /"constructor"/],
  "a quantisation": [({ tensors }) => void (tensors["token_embd.weight"]!.type = 10), /Q6_K, BF16, got Q2_K/],
  "a type of the future": [({ tensors }) => void (tensors["token_embd.weight"]!.type = 99), /got type 99/],
  "a pre-tokenizer": [
    ({ metadata }) => void (metadata["tokenizer.ggml.pre"] = "tekken"),
    /qwen2, smollm, got "tekken"/,
  ],
  "no pre-tokenizer": [({ metadata }) => void delete metadata["tokenizer.ggml.pre"], /pre gpt-2.*got "none"/],
  "a tokenizer": [({ metadata }) => void (metadata["tokenizer.ggml.model"] = "bert"), /got "bert"/],
  experts: [({ metadata }) => void (metadata["llama.expert_count"] = 8), /expert_count.*mixture of experts/],
  "a window": [({ metadata }) => void (metadata["llama.attention.sliding_window"] = 4096), /sliding-window/],
  "a rotary scaling": [({ metadata }) => void (metadata["llama.rope.scaling.type"] = "yarn"), /only linear.*"yarn"/],
  "other rotary factors": [({ tensors }) => void (tensors["rope_freqs.weight"] = { shape: [2] }), /llama3 scaling/],
  "half a head turned": [({ metadata }) => void (metadata["llama.rope.dimension_count"] = 2), /dimension_count 4/],
  "values of another size": [({ metadata }) => void (metadata["llama.attention.value_length"] = 6), /value_length 4/],
  "biases of a kind": [({ tensors }) => void (tensors["blk.0.attn_q.bias"] = { shape: [8] }), /biases as LlamaFor/],
  "a tensor of another model": [({ tensors }) => void (tensors["blk.0.attn_q_norm.weight"] = { shape: [4] }), /q_norm/],
  "a part": [({ metadata }) => void (metadata["split.count"] = 3), /one of 3 parts.*llama-gguf-split/],
  "another version": [(m) => void (m.version = 1), /version 2 or 3, little-endian, got version 1/],
  "another byte order": [(m) => void (m.version = 3 << 24), /got big-endian numbers/],
};

for (const [what, [change, message]] of Object.entries({ ...damages, ...unsupported })) {
  test(`a GGUF file with ${what} is refused`, (t) => {
    const request = { file: craftFile(t, change), out: `${scratch(t)}/model` };
    assert.throws(() => importModelVerb(request), userError(message));
  });
}

test("the small model itself is taken", (t) => {
  const { weights, stored } = importModelVerb({ file: craftFile(t), out: `${scratch(t)}/model` });
  assert.deepEqual([weights, stored], [536, ["F32"]]);
});

test("wherever a file is cut short, and with any byte changed, it is taken or refused, and nothing else", (t) => {
  const whole = craft(smallModel());
  const out = `${scratch(t)}/model`;
  const taken = (bytes: Buffer): boolean => {
    try {
      importModelVerb({ file: bytesFile(t, bytes), out });
      return true;
    } catch (error) {
      assert.ok(error instanceof UserError, `${String(error)}\n${(error as Error).stack}`);
      return false;
    }
  };
  for (let length = 0; length < whole.length - 32; length += 37)
    assert.ok(!taken(whole.subarray(0, length)), `cut at ${length}`);
  for (let at = 0; at < 1600; at += 13) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0xff;
    taken(bytes);
  }
});

test("lengths in metadata are held against the file: texts, arrays, arrays of arrays", (t) => {
  const entry = (...value: Buffer[]) =>
    bytesFile(t, Buffer.concat([Buffer.from("GGUF"), u32(3), u64(0), u64(1), text("key"), ...value, Buffer.alloc(64)]));
  const refused = (file: string, message: RegExp) =>
    assert.throws(() => importModelVerb({ file, out: `${file}-out` }), userError(message));
  refused(entry(u32(8), u64(huge)), /"key" in the metadata/);
  refused(entry(u32(8), u64(1e6)), /1000000 bytes of "key"/);
  refused(entry(u32(9), u32(0), u64(huge)), /number of elements of "key"/);
  refused(entry(u32(9), u32(8), u64(1e9)), /1000000000 elements of "key"/);
  refused(entry(u32(9), u32(9), u64(1), u32(9), u64(1), u32(9), u64(1), u32(0), u64(1)), /known type of "key"/);
  refused(entry(u32(77)), /known type of "key".*type 77/);
});
