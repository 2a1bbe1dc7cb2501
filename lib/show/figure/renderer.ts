/** What draws figures. */
import type { Figure, RenderedFigure } from "./figure";

/** Something that draws; close it at the end. */
export interface Renderer {
  engine: "chromium" | "browserless";
  render(figure: Figure): Promise<RenderedFigure>;
  /** Whether an idle renderer keeps this process alive; at first it does. */
  hold?(alive: boolean): void;
  close(): void | Promise<void>;
}
