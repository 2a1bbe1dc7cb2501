/** Arrows on maps of the world: where they begin and end, which way round they go, and which button shows which. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateMenu } from "plotly.js";
import { coast } from "../../../lib/show/figure/coast";
import { flowFigure, type Flow } from "../../../lib/show/figure/flows";
import { figureTitle } from "../../../lib/show/figure/html";
import { withRenderer } from "../../../lib/show/figure/openRenderer";

const vienna = { latitude: 48.2, longitude: 16.4 };
const lima = { latitude: -12, longitude: -77 };
const [fiji, samoa] = [
  { latitude: -18.1, longitude: 178.4 },
  { latitude: -13.8, longitude: -171.8 },
];
const flow = (from: Flow["from"], to: Flow["to"], count: number): Flow => ({
  from,
  to,
  count,
  text: [`${count} times`],
});
const figure = flowFigure({
  name: "05-atlas",
  title: "Atlas",
  note: "n = 3",
  panels: ["before", "after"],
  views: [
    { label: "all", panels: [[flow(vienna, lima, 9), flow(fiji, samoa, 1)], [flow(lima, vienna, 1)]] },
    { label: "one relation", panels: [[flow(vienna, lima, 2)], []] },
  ],
  places: { label: "test topics", at: [vienna, lima, fiji] },
});
interface Trace {
  name?: string;
  x: (number | null)[];
  y: (number | null)[];
  xaxis?: string;
  visible?: boolean;
  line?: { width: number };
  marker?: { symbol?: string; angle: number[]; size: number[] };
}
const traces = figure.data as Trace[];
const heads = traces.filter(({ marker }) => marker?.symbol === "arrow");

test("an arrow ends where it should, wider where it is more frequent, and points the way it goes", () => {
  const [before, after] = heads as [Trace, Trace];
  assert.deepEqual([before.xaxis, after.xaxis], ["x", "x2"]);
  assert.deepEqual([before.x[0], before.y[0]], [-77, -12]);
  assert.deepEqual([after.x[0], after.y[0]], [16.4, 48.2]);
  const width = (x: number) =>
    traces.find((trace) => trace.xaxis === "x" && trace.line?.width && trace.x[0] === x)!.line!.width;
  assert.ok(width(16.4) > width(178.4));
  const [southwest, northeast] = [before.marker!.angle[0]!, after.marker!.angle[0]!];
  assert.ok(southwest > -180 && southwest < -90, `${southwest}`);
  assert.ok(northeast > 0 && northeast < 90, `${northeast}`);
});

test("over the 180th meridian an arrow goes the short way, out at one edge and in at the other", () => {
  const [before] = heads as [Trace];
  assert.deepEqual(before.x.slice(1), [188.2, -171.8]);
  assert.ok(traces.some(({ x }) => x[0] === 178.4 && Math.max(...(x as number[])) > 180));
});

test("there and back are two bows", () => {
  const middle = (trace: Trace) => trace.y[Math.floor(trace.y.indexOf(null) / 2)]!;
  const [there] = traces.filter(({ x, xaxis, line }) => xaxis === "x" && line && x[0] === 16.4) as [Trace];
  const [back] = traces.filter(({ x, xaxis, line }) => xaxis === "x2" && line && x[0] === -77) as [Trace];
  assert.ok(middle(there) - middle(back) > 10, `${middle(there)} and ${middle(back)}`);
});

test("a button shows its own arrows and widths, and leaves land and places; an image shows the first", async () => {
  const buttons = (figure.layout.updatemenus as UpdateMenu[])[0]!.buttons;
  assert.deepEqual(
    buttons.map(({ label }) => label),
    ["all", "one relation"],
  );
  const shown = buttons.map(({ args }) => (args as [{ visible: boolean[] }])[0].visible);
  const named = (visible: boolean[]) =>
    traces.flatMap(({ name }, i) => (name !== undefined && visible[i] ? [name] : []));
  const places = ["test topics", "test topics"];
  assert.deepEqual(shown.map(named), [
    [...places, "once", "8 to 15"],
    [...places, "2 or 3 times"],
  ]);
  const arrows = traces.flatMap(({ visible, name }, i) => (visible === undefined || name !== undefined ? [] : [i]));
  traces.forEach((trace, i) => {
    if (trace.visible === undefined) assert.ok(shown.every((visible) => visible[i]));
    else if (arrows.includes(i)) assert.deepEqual([shown[0]![i], shown[1]![i]], [trace.visible, !trace.visible]);
    else assert.equal(shown[0]![i], trace.visible);
  });
  assert.ok(shown[1]!.filter((visible, i) => visible && arrows.includes(i)).length === 2, "one line and its head");
  const { svg } = await withRenderer((renderer) => renderer.render(figure), "browserless");
  assert.ok(svg.includes(">before<") && svg.includes(">test topics<") && !svg.includes("one relation"));
  assert.equal(figureTitle(figure), "Atlas. n = 3");
});

test("coastlines: no line across the map, no pole, and land where land is", () => {
  const { longitude, latitude } = coast();
  const rings: [number, number][][] = [[]];
  longitude.forEach((x, i) => (x === null ? rings.push([]) : rings.at(-1)!.push([x, latitude[i]!])));
  for (const ring of rings) {
    ring.forEach(([x], i) => assert.ok(i === 0 || Math.abs(x - ring[i - 1]![0]) < 30));
    assert.ok(ring.every(([, y]) => y > -84));
  }
  // lakes are rings in rings
  const isLand = ([x, y]: [number, number]) => rings.filter((ring) => isInside(ring, x, y)).length % 2 === 1;
  assert.deepEqual(
    (
      [
        [16.4, 48.2],
        [-100, 40],
        [-175, 66.5],
        [-30, 0],
        [-150, -40],
      ] as [number, number][]
    ).map(isLand),
    [true, true, true, false, false],
  );
});

/** By crossings of a ray to the right. */
function isInside(ring: readonly [number, number][], x: number, y: number): boolean {
  return ring.reduce((inside, [x1, y1], i) => {
    const [x0, y0] = ring[(i + ring.length - 1) % ring.length]!;
    const crosses = y1 > y !== y0 > y && x < ((x0 - x1) * (y - y1)) / (y0 - y1) + x1;
    return crosses ? !inside : inside;
  }, false);
}
