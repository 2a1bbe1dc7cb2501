/** Packing: what is shared, what is spelled, and where attention finds its rows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../lib/base/rng";
import { groupCost, packSequences, type AttentionGroup } from "../../lib/model/packing";

/** Short sequences of few ids, so that beginnings are often shared, also whole sequences. */
const shared = fc.array(fc.array(fc.nat(2), { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 8 });
/** Lengths as far apart as prompts and long answers, so that several groups pay; some begin alike. */
const spread = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.nat(3)), { minLength: 1, maxLength: 7 })
  .map((kinds) =>
    kinds.map(([length, seed]) => {
      const rng = new Rng(seed);
      return Array.from({ length }, () => rng.int(300));
    }),
  );

test("a sequence is spelled by its tokens; equal prefixes are one token, and nothing else is shared", () => {
  fc.assert(
    fc.property(shared, (sequences) => {
      const { ids, positions, tokens } = packSequences(sequences);
      assert.deepEqual(
        tokens.map((row) => Array.from(row, (token) => ids[token]!)),
        sequences,
      );
      for (const row of tokens)
        assert.deepEqual(
          Array.from(row, (token) => positions[token]!),
          Array.from(row.keys()),
        );
      const prefixOf = new Map<number, string>();
      sequences.forEach((sequence, r) =>
        tokens[r]!.forEach((token, t) => {
          const prefix = sequence.slice(0, t + 1).join();
          assert.equal(prefixOf.get(token) ?? prefix, prefix, "a token of two prefixes");
          prefixOf.set(token, prefix);
        }),
      );
      assert.equal(new Set(prefixOf.values()).size, prefixOf.size, "a prefix of two tokens");
      assert.deepEqual([prefixOf.size, positions.length], [ids.length, ids.length]);
    }),
    { numRuns: 300, seed: 21 },
  );
});

/** Slots of each row, with the row's first slot. */
function rowsOf(groups: readonly AttentionGroup[], slots: Int32Array): { start: number; row: number[] }[] {
  let start = 0;
  return groups.flatMap(({ rows, length }) =>
    Array.from({ length: rows }, () => ({ start, row: Array.from(slots.subarray(start, (start += length))) })),
  );
}

test("rows of attention: every sequence whole and in order, padding behind it, each token with its own slot", () => {
  for (const sequences of [shared, spread])
    fc.assert(
      fc.property(sequences, (sequences) => {
        const { tokens, groups, slots, slotOf, positions } = packSequences(sequences);
        const open = tokens
          .slice()
          .sort((a, b) => a.length - b.length)
          .map((row) => Array.from(row));
        assert.equal(
          groups.reduce((sum, { rows }) => sum + rows, 0),
          sequences.length,
        );
        assert.equal(
          groups.reduce((sum, { rows, length }) => sum + rows * length, 0),
          slots.length,
        );
        const real = new Set<number>(); // slots that hold a token of their row, not padding
        for (const { start, row } of rowsOf(groups, slots)) {
          const at = open.findIndex(
            (tokens) =>
              tokens.every((token, i) => row[i] === token) && row.slice(tokens.length).every((token) => token === 0),
          );
          assert.ok(at >= 0, "a row that holds no sequence");
          for (const i of open.splice(at, 1)[0]!.keys()) real.add(start + i);
        }
        assert.equal(open.length, 0, "a sequence without a row");
        slotOf.forEach((slot, token) => assert.ok(slots[slot] === token && real.has(slot), `token ${token}`));
        assert.equal(slotOf.length, positions.length);
        for (const { length } of groups)
          assert.ok(
            sequences.some((sequence) => sequence.length === length),
            "padding no sequence needs",
          );
      }),
      { numRuns: 200, seed: 22 },
    );
});

test("groups cost the least there is, hence never more than one group", () => {
  const costOf = (groups: readonly AttentionGroup[]) =>
    groups.reduce((sum, { rows, length }) => sum + groupCost + rows * length ** 2, 0);
  const counts = new Set<number>();
  fc.assert(
    fc.property(spread, (sequences) => {
      const { groups } = packSequences(sequences);
      counts.add(groups.length);
      const lengths = sequences.map(({ length }) => length).sort((a, b) => a - b);
      const R = lengths.length;
      const all = Array.from({ length: 2 ** (R - 1) }, (_, cuts) => {
        // every way to cut the sorted lengths
        const ends = lengths.flatMap((_, i) => (i === R - 1 || (cuts >> i) & 1 ? [i] : []));
        return costOf(ends.map((end, g) => ({ rows: end - (ends[g - 1] ?? -1), length: lengths[end]! })));
      });
      assert.equal(costOf(groups), Math.min(...all));
      assert.ok(costOf(groups) <= costOf([{ rows: R, length: lengths.at(-1)! }]));
    }),
    { numRuns: 200, seed: 23 },
  );
  assert.ok(counts.has(1) && counts.has(3), `only ${[...counts].join()} groups were met`);
});

test("no sequence, or an empty one, is refused", () => {
  assert.throws(() => packSequences([]), { name: "RangeError", message: /at least one token, got no sequence/ });
  assert.throws(() => packSequences([[1], []]), {
    name: "RangeError",
    message: /at least one token, got an empty one/,
  });
});
