/** The renderer a process keeps: one for many figures, replaced when it dies, never in the way of the process's end. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { typescriptLoader } from "../../../lib/base/files";
import { histogramFigure } from "../../../lib/show/figure/bars";
import { renderFigure } from "../../../lib/show/figure/saveFigure";
import { palette } from "../../../lib/show/palette";
import { startNode } from "../../cli/process";
import { scratch, userError } from "../../golden/fixtures";

const figure = histogramFigure({
  name: "one",
  title: "one",
  xTitle: "score",
  range: [0, 1],
  bins: 4,
  series: [{ label: "base", style: palette.base, values: [0, 0.1, 0.5, 1] }],
});

for (const end of ["end", "exit"]) {
  test(`figures asked for together do not mix; the process ends (${end}) and leaves no browser and no file`, async (t) => {
    const tmp = scratch(t);
    const { code, stdout, stderr } = await startNode(
      ["--require", typescriptLoader, require.resolve("./drawTwo.ts"), end],
      { TMPDIR: tmp },
    ).ended;
    assert.deepEqual([code, stdout], [0, "one two"], stderr);
    assert.deepEqual(
      readdirSync(tmp).filter((name) => /chromium|playwright/.test(name)),
      [],
    );
  });
}

test("one browser for all; one that died is replaced; a figure that cannot be drawn is an error and no more", async (t) => {
  const before = children(); // the compiler's
  const drawing = (): number[] => children().filter((pid) => !before.includes(pid));
  const first = await renderFigure(figure);
  const [browser, ...others] = drawing();
  if (browser === undefined) return t.skip("no Chromium starts here, or no /proc");
  assert.deepEqual(others, []);
  assert.equal((await renderFigure(figure)).svg, first.svg);
  assert.deepEqual(drawing(), [browser]);
  process.kill(browser, "SIGKILL");
  assert.equal((await renderFigure(figure)).svg, first.svg);
  assert.ok(!drawing().includes(browser) && drawing().length === 1);
  await assert.rejects(
    renderFigure({ name: "none", data: [], layout: {} }),
    userError(/figure none: expected a layout with width and height/),
  );
  assert.equal((await renderFigure(figure)).svg, first.svg);
  assert.equal(drawing().length, 1);
});

/** Living children of this process, as Linux tells them. */
function children(): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /, "")
          .split(" ");
        return Number(parent) === process.pid && state !== "Z";
      } catch {
        return false; // it ended in between
      }
    })
    .map(Number);
}
