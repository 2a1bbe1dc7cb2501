/** Draws figures, many with one browser: Chromium where one starts, a browserless engine everywhere else. */
import { UserError } from "../../base/check";
import { browserlessRenderer } from "./browserless";
import { launchChromium } from "./chromium";
import { chromiumRenderer } from "./draw";
import type { Renderer } from "./renderer";

let noted = false;

/**
 * @param engine "chromium" or "browserless" forces one; default is the first that starts
 * @throws UserError when Chromium is forced and none starts
 */
export async function openRenderer(engine?: Renderer["engine"]): Promise<Renderer> {
  if (engine !== "browserless") {
    const launched = await launchChromium();
    if ("browser" in launched) return chromiumRenderer(launched);
    if (engine === "chromium") {
      throw new UserError({
        where: "figures",
        expected: "a Chromium that starts",
        got: launched.failures.join("; "),
        fix: "Set CHROME_PATH to a Chromium or Chrome.",
      });
    }
    if (!noted) process.stderr.write(`figures: drawn without a browser (${launched.failures.join("; ")})\n`);
    noted = true;
  }
  return browserlessRenderer();
}

/** Opens a renderer for a batch of figures and closes it whatever happens. */
export async function withRenderer<T>(
  work: (renderer: Renderer) => Promise<T>,
  engine?: Renderer["engine"],
): Promise<T> {
  const renderer = await openRenderer(engine);
  try {
    return await work(renderer);
  } finally {
    await renderer.close();
  }
}
