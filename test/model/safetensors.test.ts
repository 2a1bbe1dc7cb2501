/** safetensors: files of the Python library, dtypes, shards, bytes written, and damaged files. */
import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { type HostTensor, readSafetensors, writeSafetensors } from "../../lib/model/safetensors/safetensors";
import { scratch, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { craft } from "./craft";

function tensors(): Map<string, HostTensor> {
  const rng = new Rng("tensors");
  const make = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
  });
  return new Map([
    ["b.weight", make(3, 5)],
    ["a.bias", make(7)],
    ["scalar", make()],
    ["empty", make(0, 4)],
  ]);
}

test("what is written is read back, whole and one by one", (t) => {
  const file = path.join(scratch(t), "model.safetensors");
  writeSafetensors(file, tensors(), { step: "12" });
  const reader = readSafetensors(file);
  assert.deepEqual([...reader.names], ["a.bias", "b.weight", "empty", "scalar"]);
  assert.deepEqual(reader.metadata, { format: "pt", step: "12" });
  for (const [name, tensor] of tensors()) {
    assert.deepEqual(reader.get(name), tensor);
    assert.deepEqual(reader.shape(name), tensor.shape);
  }
});

test("the bytes do not depend on the order given, the data is aligned, nothing else is left", (t) => {
  const dir = scratch(t);
  writeSafetensors(path.join(dir, "one"), tensors());
  writeSafetensors(path.join(dir, "two"), new Map([...tensors()].reverse()));
  const bytes = readFileSync(path.join(dir, "one"));
  assert.deepEqual(bytes, readFileSync(path.join(dir, "two")));
  assert.equal(Number(bytes.readBigUInt64LE()) % 8, 0);
  assert.deepEqual(readdirSync(dir).sort(), ["one", "two"]);
});

test("a part of a larger buffer is written, not the buffer", (t) => {
  const file = path.join(scratch(t), "part");
  const data = Float32Array.from([9, 1, 2, 9]).subarray(1, 3);
  writeSafetensors(file, new Map([["x", { shape: [2], data }]]));
  assert.deepEqual([...readSafetensors(file).get("x").data], [1, 2]);
});

test("a shape that does not fit its data is a mistake of the caller", (t) => {
  assert.throws(
    () => writeSafetensors(path.join(scratch(t), "x"), new Map([["x", { shape: [3], data: new Float32Array(2) }]])),
    RangeError,
  );
});

test("reads what the Python library wrote", () => {
  const reader = readSafetensors(goldenPath("models", "llama-tied-mha"));
  assert.equal(reader.metadata.format, "pt");
  assert.deepEqual(reader.shape("model.layers.1.mlp.down_proj.weight"), [32, 64]);
  const { data } = reader.get("model.norm.weight");
  assert.ok(data.every((x) => Math.abs(x - 1) < 1.5) && new Set(data).size > 16);
});

test("F16 and BF16 become float32 exactly, with zeros, subnormals, infinities and NaN", (t) => {
  const half = [0x0000, 0x8000, 0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555];
  const wanted16 = [0, -0, 1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN, 0.333251953125];
  const brain = [0x3f80, 0xbf80, 0x7f80, 0x7fc0, 0x0001, 0x4049];
  const wantedB = [1, -1, Infinity, NaN, 2 ** -133, 3.140625];
  const file = craft(
    t,
    {
      h: { dtype: "F16", shape: [half.length], data_offsets: [0, 24] },
      b: { dtype: "BF16", shape: [2, 3], data_offsets: [24, 36] },
    },
    new Uint8Array(Uint16Array.from([...half, ...brain]).buffer),
  );
  assert.deepEqual([...readSafetensors(file).get("h").data], wanted16);
  assert.deepEqual([...readSafetensors(file).get("b").data], wantedB);
});

describe("shards", () => {
  const sharded = (t: TestContext, weight_map: Record<string, string>) => {
    const dir = scratch(t);
    const all = tensors();
    writeSafetensors(
      path.join(dir, "1.safetensors"),
      new Map([
        ["a.bias", all.get("a.bias")!],
        ["scalar", all.get("scalar")!],
      ]),
    );
    writeSafetensors(path.join(dir, "2.safetensors"), new Map([["b.weight", all.get("b.weight")!]]));
    writeFileSync(
      path.join(dir, "model.safetensors.index.json"),
      JSON.stringify({ metadata: { total_size: 92 }, weight_map }),
    );
    return dir;
  };
  test("are found through the index", (t) => {
    const reader = readSafetensors(
      sharded(t, { "a.bias": "1.safetensors", scalar: "1.safetensors", "b.weight": "2.safetensors" }),
    );
    assert.deepEqual([...reader.names].sort(), ["a.bias", "b.weight", "scalar"]);
    for (const name of reader.names) assert.deepEqual(reader.get(name), tensors().get(name));
  });
  test("that lack a tensor, do not exist, or lie elsewhere are refused", (t) => {
    assert.throws(
      () => readSafetensors(sharded(t, { "a.bias": "2.safetensors" })),
      userError(/2\.safetensors: expected tensor "a\.bias", which the index places here/),
    );
    assert.throws(
      () => readSafetensors(sharded(t, { "a.bias": "3.safetensors" })),
      userError(/3\.safetensors: expected a readable safetensors file, got ENOENT/),
    );
    assert.throws(
      () => readSafetensors(sharded(t, { "a.bias": "../1.safetensors" })),
      userError(/shards in the same folder/),
    );
  });
});

test("one tensor of a file far larger than memory is read alone", (t) => {
  const dir = scratch(t);
  const huge = 2 ** 40;
  const json = Buffer.from(
    JSON.stringify({
      small: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      huge: { dtype: "F32", shape: [huge / 4], data_offsets: [8, 8 + huge] },
    }),
  );
  const file = path.join(dir, "sparse.safetensors");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const fd = openSync(file, "w");
  writeSync(fd, Buffer.concat([length, json, Buffer.from(Float32Array.from([1.5, -2]).buffer)]));
  closeSync(fd);
  try {
    truncateSync(file, 8 + json.length + 8 + huge); // a sparse file: takes no room
  } catch {
    return t.skip("this file system has no sparse files of a terabyte");
  }
  assert.deepEqual([...readSafetensors(file).get("small").data], [1.5, -2]);
});

test("a folder's single file wins over an index", (t) => {
  const dir = path.join(scratch(t), "model");
  mkdirSync(dir);
  copyFileSync(goldenPath("models", "llama-tied-mha", "model.safetensors"), path.join(dir, "model.safetensors"));
  writeFileSync(path.join(dir, "model.safetensors.index.json"), "{}");
  assert.equal(readSafetensors(dir).names.length, 20);
});
