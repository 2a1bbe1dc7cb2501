/** UTF-8 decoding with offsets, against the platform's TextDecoder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { decodeUtf8, wellFormed } from "../../lib/text/utf8";

const platform = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes with many leads and continuations, so that sequences often break in the middle. */
function randomBytes(rng: Rng): Uint8Array {
  const pool = [
    0x41, 0x20, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5,
    0xff, 0xbb, 0x98,
  ];
  return Uint8Array.from({ length: rng.int(12) }, () => (rng.next() < 0.2 ? rng.int(256) : rng.pick(pool)));
}

test("decodes as TextDecoder does, well-formed or not", () => {
  const rng = new Rng("utf8");
  for (let i = 0; i < 20_000; i++) {
    const bytes = randomBytes(rng);
    assert.equal(
      decodeUtf8(bytes).text,
      platform.decode(bytes),
      `bytes ${[...bytes].map((b) => b.toString(16)).join(" ")}`,
    );
  }
});

test("every byte points to its character, and the characters tile the text", () => {
  const rng = new Rng("tiles");
  for (let i = 0; i < 5000; i++) {
    const bytes = randomBytes(rng);
    const { text, starts, ends } = decodeUtf8(bytes);
    let end = 0;
    for (let b = 0; b < bytes.length; b++) {
      const same = b > 0 && starts[b] === starts[b - 1] && ends[b] === ends[b - 1];
      if (!same) assert.equal(starts[b], end);
      end = ends[b]!;
      assert.equal([...text.slice(starts[b], ends[b])].length, 1);
    }
    assert.equal(end, text.length);
  }
});

test("offsets count UTF-16 units", () => {
  const { text, starts, ends } = decodeUtf8(new TextEncoder().encode("a\u00e9\u6771\u{1f600}z"));
  assert.equal(text, "a\u00e9\u6771\u{1f600}z");
  assert.deepEqual([...starts], [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 5]);
  assert.deepEqual([...ends], [1, 2, 2, 3, 3, 3, 5, 5, 5, 5, 6]);
});

test("lone surrogates become U+FFFD, pairs stay", () => {
  assert.equal(wellFormed("a\ud83d b\ude00 \u{1f600}"), "a\ufffd b\ufffd \u{1f600}");
});
