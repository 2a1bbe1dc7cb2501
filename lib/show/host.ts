/**
 * The bridge between the kernel and code that runs in its cells. The kernel registers one host in this process;
 * library code asks for it and finds none outside a notebook.
 */
/** MIME type -> content, binary as base64. */
export type MimeData = Record<string, unknown>;

export interface KernelHost {
  /**
   * Sends one output to the running cell (or the last one, when none runs).
   * @param options id: name of the output; update: replace the output of that name; progress: one line of text
   * for whoever watches the run from a terminal, not part of the output
   */
  display(data: MimeData, options?: { id?: string; update?: boolean; progress?: string }): void;
  /** How often the user interrupted so far: long work started at a lower count should stop. */
  interrupts(): number;
}

const KEY = Symbol.for("mask-dpo.kernel");
const registry = globalThis as { [KEY]?: KernelHost };

/** The kernel this process is, or undefined outside a notebook. */
export function kernelHost(): KernelHost | undefined {
  return registry[KEY];
}

/** Called once by the kernel. */
export function registerKernelHost(host: KernelHost): void {
  registry[KEY] = host;
}
