/** Files of tensors that are refused. */
import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import { scratch, scratchCopy, userError } from "../golden/fixtures";
import { craft, craftRaw } from "./craft";

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
  refused(
    "with a name that stands twice, however it is spelled",
    (t) =>
      craft(
        t,
        '{"ab":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
          '"a\\u0062":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}',
        eight,
      ),
    /every tensor once, got "\\"ab\\"" twice/,
  );
  refused(
    "with values in values",
    (t) => craft(t, `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, eight),
    /a header of names, types, shapes and offsets, got values in values in values/,
  );
  refused(
    "whose names are not UTF-8",
    (t) => {
      const file = craft(t, { xy: f32([2], 0, 8) }, eight);
      const bytes = readFileSync(file);
      bytes[bytes.indexOf("xy")] = 0xff;
      writeFileSync(file, bytes);
      return file;
    },
    /a header in UTF-8, got other bytes/,
  );
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
