/** Idioms and corners of Jinja, as jinja2 renders or refuses them (golden/jinja.json); programs that never end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Template } from "../../lib/text/jinja/template";
import { strftime } from "../../lib/text/strftime";
import { readGolden } from "../golden/golden";

interface Case {
  template: string;
  text?: string;
  error?: true;
}
const { versions: _, variables, ...rest } = readGolden<Record<string, unknown>>("jinja.json");
const cases = Object.values(rest) as Case[];
const now = new Date(Date.UTC(2025, 2, 4, 12, 30));
const given = { ...(variables as object), strftime_now: (format: string) => strftime(now, format) };
const render = (template: string): string => new Template(template).render(given);

test(`${cases.length} templates: the text, or a refusal, as jinja2`, () => {
  const wrong = cases.flatMap(({ template, text }) => {
    let got: string | undefined;
    let why = "";
    try {
      got = render(template);
    } catch (error) {
      why = (error as Error).message;
    }
    return got === text ? [] : [{ template, expected: text ?? "a refusal", got: got ?? `refused: ${why}` }];
  });
  assert.deepEqual(wrong, []);
  assert.ok(cases.length > 200);
});

test("a program that takes too long, too much or too deep a stack is refused, and soon", () => {
  const programs = [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{{ range(1000000000) | list }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
    "{{ 'a' * 1000000000 }}{{ [1] * 1000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{% for i in range(99999) %}{{ 'a'.ljust(9999999) }}{{ 'x' | center(1000000000) }}{% endfor %}",
    "{% set s = 'x y ' * 100000 %}{% for i in range(99999) %}{{ s.split() | length }}{% endfor %}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`,
    `{{ ${"not ".repeat(100_000)}1 }}`,
    `{{ ${"-".repeat(100_000)}1 }}`,
    "{% if true %}".repeat(100_000),
    `{{ ${"[".repeat(100_000)} }}`,
    "x".repeat(2_000_000),
  ];
  for (const program of programs) {
    const started = performance.now();
    assert.throws(() => render(program), { name: "TemplateError" }, program.slice(0, 60));
    assert.ok(performance.now() - started < 10_000, program.slice(0, 60));
  }
});
