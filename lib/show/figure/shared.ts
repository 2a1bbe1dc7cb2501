/**
 * The one renderer a process keeps for figures drawn one by one: opened at the first, closed when the process has
 * nothing else to do (a browser does not outlive its process in any case). It never keeps the process alive.
 */
import type { Figure, RenderedFigure } from "./figure";
import { openRenderer } from "./openRenderer";
import type { Renderer } from "./renderer";

let shared: Promise<Renderer> | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Figures asked for at the same time wait for each other: they share one page. */
export function renderShared(figure: Figure): Promise<RenderedFigure> {
  const drawn = last.then(() => draw(figure));
  last = drawn.catch(() => undefined);
  return drawn;
}

/**
 * A renderer that fails is given up; one that had drawn before may have died since, so the figure gets a second, fresh
 * one.
 */
async function draw(figure: Figure): Promise<RenderedFigure> {
  const fresh = shared === undefined;
  if (fresh) process.once("beforeExit", closeAtExit);
  const opened = (shared ??= openRenderer());
  try {
    const renderer = await opened;
    renderer.hold?.(true);
    const rendered = await renderer.render(figure);
    renderer.hold?.(false);
    return rendered;
  } catch (error) {
    await closeShared();
    if (fresh) throw error;
    return draw(figure);
  }
}

function closeAtExit(): void {
  void closeShared();
}

async function closeShared(): Promise<void> {
  const opened = shared;
  shared = undefined;
  process.off("beforeExit", closeAtExit);
  await opened
    ?.then((renderer) => {
      renderer.hold?.(true);
      return renderer.close();
    })
    .catch(() => undefined);
}
