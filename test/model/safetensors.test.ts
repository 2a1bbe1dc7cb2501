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
import { type HostTensor, readSafetensors, writeSafetensors } from "../../lib/model/safetensors";
import { scratch, scratchCopy, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

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

/** A file with any header and any bytes of data. */
function craft(t: TestContext, header: unknown, data: Uint8Array, length?: bigint): string {
  const file = path.join(scratch(t), "model.safetensors");
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(file, Buffer.concat([size, json, data]));
  return file;
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

describe("a file is refused", () => {
  const eight = new Uint8Array(8);
  const f32 = (shape: number[], from: number, to: number, dtype = "F32") => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  const refused = (name: string, file: (t: TestContext) => string, message: RegExp) => {
    test(name, (t) => assert.throws(() => readSafetensors(file(t)), userError(message)));
  };

  refused(
    "that does not exist",
    (t) => path.join(scratch(t), "none.safetensors"),
    /none\.safetensors: expected a readable safetensors file, got ENOENT/,
  );
  refused(
    "in a folder without weights",
    (t) => scratch(t),
    /expected model\.safetensors or model\.safetensors\.index\.json, got neither/,
  );
  refused("that is empty", (t) => craftRaw(t, 0), /at least 8 bytes, got 0/);
  refused(
    "whose header would end after the file",
    (t) => craft(t, "{}", eight, 1000n),
    /header that fits the file of 18 bytes, got header length 1000/,
  );
  refused(
    "whose header length is absurd",
    (t) => craft(t, "{}", eight, 2n ** 63n),
    /header length 9223372036854775808/,
  );
  refused("whose header is not JSON", (t) => craft(t, "{nope", eight), /header: expected one JSON value/);
  refused("whose header is a list", (t) => craft(t, "[]", eight), /a JSON object as header/);
  refused("with a negative size", (t) => craft(t, { x: f32([-2], 0, 8) }, eight), /tensor "x": .*shape\.0/);
  refused(
    "with a dtype nobody knows",
    (t) => craft(t, { x: f32([8], 0, 8, "F5") }, eight),
    /known dtype for "x", got "F5"/,
  );
  refused(
    "whose shape does not fit its bytes",
    (t) => craft(t, { x: f32([3], 0, 8) }, eight),
    /12 bytes for "x" \(F32 \[3\]\), got offsets 0 to 8/,
  );
  refused(
    "with offsets the wrong way round",
    (t) => craft(t, { x: f32([2], 8, 0) }, eight),
    /8 bytes for "x".*offsets 8 to 0/,
  );
  refused(
    "with overlapping tensors",
    (t) => craft(t, { x: f32([2], 0, 8), y: f32([1], 4, 8) }, eight),
    /"y" to start at byte .*they overlap/,
  );
  refused(
    "with a hole",
    (t) => craft(t, { x: f32([1], 0, 4), y: f32([1], 8, 12) }, new Uint8Array(12)),
    /"y" to start at byte/,
  );
  refused(
    "with bytes behind the last tensor",
    (t) => craft(t, { x: f32([1], 0, 4) }, eight),
    /as the header says, got/,
  );
  refused(
    "that was cut short",
    (t) => {
      const dir = scratchCopy(t, "models", "llama-tied-mha");
      truncateSync(path.join(dir, "model.safetensors"), 60_000);
      return dir;
    },
    /model\.safetensors: expected 125560 bytes, as the header says, got 60000 \(the file is truncated\)/,
  );
  refused(
    "that was cut inside the header",
    (t) => {
      const dir = scratchCopy(t, "models", "llama-tied-mha");
      truncateSync(path.join(dir, "model.safetensors"), 100);
      return dir;
    },
    /header that fits the file of 100 bytes/,
  );

  test("by its tensor's dtype only when that tensor is asked for", (t) => {
    const reader = readSafetensors(craft(t, { ids: f32([1], 0, 8, "I64") }, eight));
    assert.deepEqual(reader.names, ["ids"]);
    assert.throws(() => reader.get("ids"), userError(/tensor "ids" in F32, F16 or BF16, got I64/));
    assert.throws(() => reader.get("other"), userError(/expected a tensor "other"/));
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

function craftRaw(t: TestContext, bytes: number): string {
  const file = path.join(scratch(t), "raw.safetensors");
  writeFileSync(file, new Uint8Array(bytes));
  return file;
}
