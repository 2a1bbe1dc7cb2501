/** Makes the notebook kernel known to Jupyter and VS Code on this machine, without Python. */
import os from "node:os";
import path from "node:path";
import { modules, root, writeFileIfChanged } from "./paths.mjs";

/**
 * Two places: this project's, for `npm run lab`, and the user's Jupyter folder, for every other front end.
 * @param {import("./paths.mjs").Say} say
 */
export function setUpKernelspec(say) {
  const spec = `${JSON.stringify(
    {
      argv: [process.execPath, path.join(root, "lib/kernel/kernel.mjs"), "{connection_file}"],
      display_name: "TypeScript (mask-dpo-lab)",
      language: "typescript",
      // A signal also stops a cell that never yields; Windows has none.
      interrupt_mode: process.platform === "win32" ? "message" : "signal",
    },
    null,
    2,
  )}\n`;
  for (const data of [path.join(modules, ".mask-dpo-jupyter"), jupyterData()]) {
    const file = path.join(data, "kernels/mask-dpo/kernel.json");
    try {
      writeFileIfChanged(file, spec);
    } catch (error) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      say(`setup: kernelspec skipped, because ${file} cannot be written (${code ?? message})`);
    }
  }
}

/** The user's Jupyter data folder, as Jupyter finds it. */
function jupyterData() {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  if (process.platform === "win32")
    return path.join(process.env.APPDATA || path.join(os.homedir(), "AppData/Roaming"), "jupyter");
  if (process.platform === "darwin") return path.join(os.homedir(), "Library/Jupyter");
  return path.join(process.env.XDG_DATA_HOME || path.join(os.homedir(), ".local/share"), "jupyter");
}
