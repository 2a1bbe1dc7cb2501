/** Jinja's filters of sequences and dictionaries. */
import type { Given } from "./given";
import { binary } from "./operator";
import { toText } from "./print";
import { type Arguments, compare, Dict, equal, itemsOf, Lazy, TemplateError, truth, Tuple, Undefined, type Value } from "./value"; // prettier-ignore

/** By name: parameters, and what it does; "any" takes its arguments as they are. */
export type Filters = Readonly<
  Record<string, readonly [readonly string[] | "any", (value: Value, given: Given, all: Arguments) => Value]>
>;

/** How filters of sequences use attributes, other filters and tests. */
export interface Call {
  attribute: (value: Value, path: Value) => Value;
  filter: (name: string, value: Value, given: Arguments) => Value;
  test: (name: string, value: Value, args: readonly Value[]) => boolean;
}

const lowered = (value: Value): Value => (typeof value === "string" ? value.toLowerCase() : value);
const none = (what: string): Undefined => new Undefined(what);

export function sequenceFilters({ attribute, filter, test }: Call): Filters {
  /** What is compared of an item: an attribute, without regard to case unless that is asked for. */
  const keyOf = (given: Given): ((item: Value) => Value) => {
    const path = given.value("attribute") ?? null;
    const fold = given.flag("case_sensitive") ? (value: Value) => value : lowered;
    return (item) => fold(path === null ? item : attribute(item, path));
  };
  const extreme = (sign: number) => (value: Value, given: Given): Value => {
    const key = keyOf(given);
    const [first, ...rest] = itemsOf(value);
    if (first === undefined) return none("No aggregated item, sequence was empty.");
    return rest.reduce((best, item) => (sign * compare(key(item), key(best)) > 0 ? item : best), first);
  };
  const chosen = (wanted: boolean, ofAttribute: boolean) => (value: Value, _: Given, { args, kwargs }: Arguments): Value => {
    const rest = args.slice();
    const path = ofAttribute ? rest.shift() : undefined;
    if (ofAttribute && path === undefined) throw new TemplateError("Missing parameter for attribute name");
    const name = rest.shift();
    if (kwargs.size > 0) throw new TemplateError("unexpected keyword argument");
    const passes = (item: Value): boolean => {
      const tested = path === undefined ? item : attribute(item, path);
      return name === undefined ? truth(tested) : test(toText(name), tested, rest);
    };
    return new Lazy(itemsOf(value).filter((item) => passes(item) === wanted));
  }; // prettier-ignore
  return {
    attr: [["name"], (value, given) => attribute(value, given.required("name"))],
    batch: [
      ["linecount", "fill_with"],
      (value, given) => {
        const [items, size, fill] = [itemsOf(value), given.whole("linecount"), given.value("fill_with") ?? null];
        if (size < 1) throw new TemplateError("batch of less than one");
        const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size)); // prettier-ignore
        const full = (row: readonly Value[]) => (fill === null ? row : [...row, ...Array<Value>(Math.min(1000, size - row.length)).fill(fill)]); // prettier-ignore
        return new Lazy(rows.map(full));
      },
    ],
    dictsort: [
      ["case_sensitive", "by", "reverse"],
      (value, given) => {
        if (!(value instanceof Dict)) throw new TemplateError("dictsort of what is no dictionary");
        const at = { key: 0, value: 1 }[given.text("by", "key")];
        if (at === undefined) throw new TemplateError('You can only sort by either "key" or "value"');
        const fold = given.flag("case_sensitive") ? (key: Value) => key : lowered;
        const sorted = sortBy(value.items(), (entry) => fold(entry[at]!), given.flag("reverse"));
        return sorted.map((entry) => new Tuple(entry));
      },
    ],
    first: [[], (value) => itemsOf(value)[0] ?? none("No first item, sequence was empty.")],
    groupby: [
      ["attribute", "default", "case_sensitive"],
      (value, given) => {
        const key = keyOf(given);
        const raw = (item: Value) => attribute(item, given.required("attribute"));
        const found = (item: Value) => (raw(item) instanceof Undefined ? (given.value("default") ?? raw(item)) : key(item));
        const groups: { key: Value; shown: Value; items: Value[] }[] = [];
        for (const item of sortBy(itemsOf(value), found, false)) {
          const last = groups.at(-1);
          if (last && equal(last.key, found(item))) last.items.push(item);
          else groups.push({ key: found(item), shown: raw(item) instanceof Undefined ? found(item) : raw(item), items: [item] }); // prettier-ignore
        }
        return groups.map(({ shown, items }) => new Tuple([shown, items]));
      },
    ],
    items: [
      [],
      (value) => {
        if (value instanceof Undefined) return new Lazy([]);
        if (!(value instanceof Dict)) throw new TemplateError("Can only get item pairs from a mapping.");
        return new Lazy(value.items().map((entry) => new Tuple(entry)));
      },
    ],
    join: [
      ["d", "attribute"],
      (value, given) => {
        const path = given.value("attribute") ?? null;
        const items = itemsOf(value).map((item) => toText(path === null ? item : attribute(item, path)));
        return items.join(toText(given.value("d") ?? ""));
      },
    ],
    last: [[], (value) => itemsOf(value).at(-1) ?? none("No last item, sequence was empty.")],
    list: [[], (value) => [...itemsOf(value)]],
    map: [
      "any",
      (value, _, { args, kwargs }) => {
        const path = kwargs.get("attribute");
        if (args.length === 0 && path !== undefined) {
          const fallback = kwargs.get("default");
          const found = (item: Value) => attribute(item, path);
          return new Lazy(itemsOf(value).map((item) => (found(item) instanceof Undefined ? (fallback ?? found(item)) : found(item)))); // prettier-ignore
        }
        const [name, ...rest] = args;
        if (name === undefined) throw new TemplateError("map requires a filter argument");
        return new Lazy(itemsOf(value).map((item) => filter(toText(name), item, { args: rest, kwargs })));
      },
    ],
    max: [["case_sensitive", "attribute"], extreme(1)],
    min: [["case_sensitive", "attribute"], extreme(-1)],
    reject: ["any", chosen(false, false)],
    rejectattr: ["any", chosen(false, true)],
    reverse: [[], (value) => (typeof value === "string" ? [...value].reverse().join("") : new Lazy([...itemsOf(value)].reverse()))], // prettier-ignore
    select: ["any", chosen(true, false)],
    selectattr: ["any", chosen(true, true)],
    slice: [
      ["slices", "fill_with"],
      (value, given) => {
        const [items, count, fill] = [itemsOf(value), given.whole("slices"), given.value("fill_with") ?? null];
        if (count < 1 || count > 1e4) throw new TemplateError("a number of slices that is not from 1 to 10000");
        const [each, more] = [Math.floor(items.length / count), items.length % count];
        return new Lazy(
          Array.from({ length: count }, (_, i) => {
            const start = i * each + Math.min(i, more);
            const part = items.slice(start, start + each + (i < more ? 1 : 0));
            return fill !== null && i >= more ? [...part, fill] : part;
          }),
        );
      },
    ],
    sort: [
      ["reverse", "case_sensitive", "attribute"],
      (value, given) => {
        const path = given.value("attribute");
        if (typeof path !== "string" || !path.includes(",")) return sortBy(itemsOf(value), keyOf(given), given.flag("reverse")); // prettier-ignore
        const fold = given.flag("case_sensitive") ? (key: Value) => key : lowered;
        const keys = (item: Value) => new Tuple(path.split(",").map((part) => fold(attribute(item, part.trim()))));
        return sortBy(itemsOf(value), keys, given.flag("reverse"));
      },
    ],
    sum: [
      ["attribute", "start"],
      (value, given) => {
        const path = given.value("attribute") ?? null;
        const terms = itemsOf(value).map((item) => (path === null ? item : attribute(item, path)));
        return terms.reduce((sum, term) => binary("+", sum, term), given.value("start") ?? 0);
      },
    ],
    unique: [
      ["case_sensitive", "attribute"],
      (value, given) => {
        const [key, seen] = [keyOf(given), new Dict()];
        const fresh = (item: Value) => !seen.has(key(item)) && (seen.set(key(item), true), true);
        return new Lazy(itemsOf(value).filter(fresh));
      },
    ],
  };
}

/** In order of keys, those of equal ones as they were. */
function sortBy<Item>(items: readonly Item[], key: (item: Item) => Value, reverse: boolean): Item[] {
  const sign = reverse ? -1 : 1;
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => sign * compare(a.key, b.key))
    .map(({ item }) => item);
}
