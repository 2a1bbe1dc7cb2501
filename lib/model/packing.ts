/**
 * Sequences as one list of tokens without padding. What sequences have in common from their start on (the prompt of
 * a pair, often the first words of its completions) is one token, computed once: what a causal model makes of a token
 * depends on nothing behind it. Only attention needs rows; it reads them by index, in groups of similar length.
 * R sequences, N distinct tokens.
 */

/** Rows of attention, padded to one length with token 0, which real tokens cannot see: padding stands behind them. */
export interface AttentionGroup {
  rows: number;
  length: number;
}

export interface Packing {
  /** [N] */
  ids: Int32Array;
  /** [N] position in its sequences, from 0 */
  positions: Int32Array;
  /** per sequence, its tokens: indices into `ids` */
  tokens: Int32Array[];
  groups: AttentionGroup[];
  /** tokens of the rows of all groups, one group after the other */
  slots: Int32Array;
  /** [N] one slot of each token */
  slotOf: Int32Array;
}

/**
 * What a group's kernel launches cost, in query-key pairs of one head (measured at 1M parameters, see
 * test/bench/README.md).
 */
export const groupCost = 60_000;

/** @throws RangeError for no sequence, or an empty one */
export function packSequences(sequences: readonly ArrayLike<number>[]): Packing {
  if (sequences.length === 0 || sequences.some(({ length }) => length === 0)) {
    const got = sequences.length === 0 ? "no sequence" : "an empty one";
    throw new RangeError(`packSequences: expected sequences of at least one token, got ${got}`);
  }
  const ids: number[] = [];
  const positions: number[] = [];
  const children: Map<number, number>[] = [];
  const roots = new Map<number, number>();
  const tokens = sequences.map((sequence) => {
    let following = roots;
    return Int32Array.from(sequence, (id, position) => {
      let token = following.get(id);
      if (token === undefined) {
        token = ids.push(id) - 1;
        positions.push(position);
        children.push(new Map());
        following.set(id, token);
      }
      following = children[token]!;
      return token;
    });
  });
  const sorted = tokens.slice().sort((a, b) => a.length - b.length);
  const groups = groupLengths(sorted.map(({ length }) => length));
  const slots = new Int32Array(groups.reduce((sum, { rows, length }) => sum + rows * length, 0));
  const slotOf = new Int32Array(ids.length);
  let row = 0;
  let start = 0;
  for (const { rows, length } of groups)
    for (const end = row + rows; row < end; row++, start += length) {
      slots.set(sorted[row]!, start);
      sorted[row]!.forEach((token, i) => (slotOf[token] = start + i));
    }
  return { ids: Int32Array.from(ids), positions: Int32Array.from(positions), tokens, groups, slots, slotOf };
}

/**
 * Cuts ascending lengths into groups so that launches plus padded attention cost least (exactly, by dynamic
 * programming).
 */
function groupLengths(lengths: readonly number[]): AttentionGroup[] {
  const least = [0];
  const starts = [0]; // of the first n rows: cost, and where their last group starts
  for (let end = 1; end <= lengths.length; end++) {
    least[end] = Infinity;
    for (let start = 0; start < end; start++) {
      const cost = least[start]! + groupCost + (end - start) * lengths[end - 1]! ** 2;
      if (cost < least[end]!) {
        least[end] = cost;
        starts[end] = start;
      }
    }
  }
  const groups: AttentionGroup[] = [];
  for (let end = lengths.length; end > 0; end = starts[end]!)
    groups.unshift({ rows: end - starts[end]!, length: lengths[end - 1]! });
  return groups;
}
