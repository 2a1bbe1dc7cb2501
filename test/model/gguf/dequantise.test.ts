/** Numbers of every type that is read, against the gguf package's, bit by bit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readGguf } from "../../../lib/model/gguf/file";
import { ggufTypeNames } from "../../../lib/model/gguf/types";
import { readPieces } from "../../../lib/model/gguf/weights";
import { widenHalves } from "../../../lib/base/float16";
import { goldenPath, readGolden } from "../../golden/golden";

test("each type of numbers becomes what the gguf package makes of it", () => {
  const { types } = readGolden<{ types: [string, number[]][] }>("gguf", "vectors.json");
  const expected = readFileSync(goldenPath("gguf", "quants.f32"));
  const { file, tensors } = readGguf(goldenPath("gguf", "quants.gguf"));
  assert.deepEqual(types.map(([name]) => name).sort(), [...ggufTypeNames].sort());
  let at = 0;
  for (const [name, shape] of types) {
    const tensor = tensors.get(name)!;
    assert.deepEqual([tensor.type.name, tensor.shape], [name, shape]);
    const bytes = Buffer.concat([...readPieces(file, tensor)]);
    const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name === "F16" || name === "BF16")
      widenHalves(new Uint16Array(bytes.buffer, bytes.byteOffset, numbers.length), name, numbers);
    else numbers.set(new Float32Array(bytes.buffer, bytes.byteOffset, numbers.length));
    const got = Buffer.from(numbers.buffer);
    assert.ok(got.equals(expected.subarray(at, at + got.length)), name);
    at += got.length;
  }
  assert.equal(at, expected.length);
});
