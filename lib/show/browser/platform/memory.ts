/** Stands for lib/engine/memory in a browser: WebAssembly has at most 4 GiB, and a tab should take far less. */
import type * as Node from "../../../engine/memory";

export const engineMemory: typeof Node.engineMemory = () => 2 ** 30;
