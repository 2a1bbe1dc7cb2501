/** Jinja's filters of sequences and dictionaries. */
import type { Given } from "./given";
import { binary } from "./operator";
import { toText } from "./print";
import {
  type Arguments,
  compare,
  Dict,
  equal,
  itemsOf,
  Lazy,
  None,
  TemplateError,
  truth,
  Tuple,
  Undefined,
  type Value,
} from "./value";

/** By name: parameters, and what it does; "any" takes its arguments as they are. */
export type Filters = Readonly<
  Record<string, readonly [readonly string[] | "any", (value: Value, given: Given, all: Arguments) => Value]>
>;

/** How filters of sequences use attributes, other filters and tests. */
export interface Call {
  attribute: (value: Value, path: Value, fallback?: Value) => Value;
  filter: (name: string, value: Value, given: Arguments) => Value;
  test: (name: string, value: Value, args: readonly Value[]) => boolean;
}

const lowered = (value: Value): Value => (typeof value === "string" ? value.toLowerCase() : value);
const missing = (what: string): Undefined => new Undefined(what);

export function sequenceFilters({ attribute, filter, test }: Call): Filters {
  /** What is compared of an item: an attribute, without regard to case unless that is asked for. */
  const keyOf = (given: Given): ((item: Value) => Value) => {
    const path = given.value("attribute") ?? None;
    const fold = given.flag("case_sensitive") ? (value: Value) => value : lowered;
    return (item) => fold(path === None ? item : attribute(item, path));
  };
  const extreme =
    (sign: number) =>
    (value: Value, given: Given): Value => {
      const key = keyOf(given);
      const [first, ...rest] = itemsOf(value);
      if (first === undefined) return missing("No aggregated item, sequence was empty.");
      return rest.reduce((best, item) => (sign * compare(key(item), key(best)) > 0 ? item : best), first);
    };
  const chosen =
    (wanted: boolean, ofAttribute: boolean) =>
    (value: Value, _: Given, { args, kwargs }: Arguments): Value => {
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
    };
  return {
    attr: [["name"], (value, given) => attribute(value, given.required("name"))],
    batch: [
      ["linecount", "fill_with"],
      (value, given) => {
        const [items, size, fill] = [itemsOf(value), given.whole("linecount"), given.value("fill_with") ?? None];
        if (size < 1) throw new TemplateError("batch of less than one");
        const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
          items.slice(i * size, (i + 1) * size),
        );
        const full = (row: readonly Value[]) =>
          fill === None ? row : [...row, ...Array<Value>(Math.min(1000, size - row.length)).fill(fill)];
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
    first: [[], (value) => itemsOf(value)[0] ?? missing("No first item, sequence was empty.")],
    groupby: [
      ["attribute", "default", "case_sensitive"],
      (value, given) => {
        const own = (item: Value) => attribute(item, given.required("attribute"), given.value("default"));
        const key = (item: Value) => (given.flag("case_sensitive") ? own(item) : lowered(own(item)));
        const groups: Value[][] = [];
        for (const item of sortBy(itemsOf(value), key, false)) {
          const last = groups.at(-1);
          if (last && equal(key(last[0]!), key(item))) last.push(item);
          else groups.push([item]);
        }
        return groups.map((items) => new Tuple([own(items[0]!), items], ["grouper", "list"]));
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
        const path = given.value("attribute") ?? None;
        const items = itemsOf(value).map((item) => toText(path === None ? item : attribute(item, path)));
        return items.join(toText(given.value("d") ?? ""));
      },
    ],
    last: [[], (value) => itemsOf(value).at(-1) ?? missing("No last item, sequence was empty.")],
    list: [[], (value) => [...itemsOf(value)]],
    map: [
      "any",
      (value, _, { args, kwargs }) => {
        const path = kwargs.get("attribute");
        if (args.length === 0 && path !== undefined) {
          return new Lazy(itemsOf(value).map((item) => attribute(item, path, kwargs.get("default"))));
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
    reverse: [
      [],
      (value) => (typeof value === "string" ? [...value].reverse().join("") : new Lazy([...itemsOf(value)].reverse())),
    ],
    select: ["any", chosen(true, false)],
    selectattr: ["any", chosen(true, true)],
    slice: [
      ["slices", "fill_with"],
      (value, given) => {
        const [items, count, fill] = [itemsOf(value), given.whole("slices"), given.value("fill_with") ?? None];
        if (count < 1 || count > 1e4) throw new TemplateError("a number of slices that is not from 1 to 10000");
        const [each, more] = [Math.floor(items.length / count), items.length % count];
        return new Lazy(
          Array.from({ length: count }, (_, i) => {
            const start = i * each + Math.min(i, more);
            const part = items.slice(start, start + each + (i < more ? 1 : 0));
            return fill !== None && i >= more ? [...part, fill] : part;
          }),
        );
      },
    ],
    sort: [
      ["reverse", "case_sensitive", "attribute"],
      (value, given) => {
        const path = given.value("attribute");
        if (typeof path !== "string" || !path.includes(","))
          return sortBy(itemsOf(value), keyOf(given), given.flag("reverse"));
        const fold = given.flag("case_sensitive") ? (key: Value) => key : lowered;
        const keys = (item: Value) => new Tuple(path.split(",").map((part) => fold(attribute(item, part.trim()))));
        return sortBy(itemsOf(value), keys, given.flag("reverse"));
      },
    ],
    sum: [
      ["attribute", "start"],
      (value, given) => {
        const path = given.value("attribute") ?? None;
        const terms = itemsOf(value).map((item) => (path === None ? item : attribute(item, path)));
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
