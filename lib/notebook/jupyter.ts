/** `npm run lab`: JupyterLab with our kernel, where there is one on this machine; else how to get it. */
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";

/** How JupyterLab may be started, in order of preference. */
function candidates(): string[][] {
  const pythons = [process.env.JUPYTER_PYTHON, "python3", "python"].filter((name): name is string => Boolean(name));
  return [
    ...(process.env.JUPYTER_PYTHON ? [] : [["jupyter-lab"]]),
    ...pythons.map((python) => [python, "-m", "jupyterlab"]),
  ];
}

/**
 * Starts JupyterLab in the foreground: loopback only, with the token Jupyter makes up, opened at `notebooks/`.
 * @returns its exit code, once it has ended
 * @throws UserError saying how to get JupyterLab, when there is none
 */
export async function startJupyterLab(): Promise<number> {
  const command = candidates().find(
    ([program, ...args]) =>
      spawnSync(program!, [...args, "--version"], { cwd: projectRoot, stdio: "ignore" }).status === 0,
  );
  if (!command) {
    throw new UserError({
      expected: "JupyterLab on this machine",
      got: "no jupyter-lab command, and no python3 with the module jupyterlab",
      fix:
        "Install it with `pip install jupyterlab` and run `npm run lab` again; or open the folder notebooks/ in " +
        'VS Code with the Jupyter extension and choose the kernel "TypeScript (mask-dpo-lab)". ' +
        "`npm run reproduce` needs neither.",
    });
  }
  const [program, ...args] = command;
  // The set-up wrote this project's kernelspec there, also where the user's Jupyter folder cannot be written.
  const kernels = path.join(projectRoot, "node_modules/.mask-dpo-jupyter");
  const child = spawn(
    program!,
    [...args, "--ip=127.0.0.1", `--ServerApp.root_dir=${projectRoot}`, "--LabApp.default_url=/lab/tree/notebooks"],
    {
      cwd: projectRoot,
      stdio: "inherit",
      env: { ...process.env, JUPYTER_PATH: [kernels, process.env.JUPYTER_PATH].filter(Boolean).join(path.delimiter) },
    },
  );
  // Ctrl-C goes to the whole group: Jupyter asks, shuts down, and we end after it.
  const wait = () => undefined;
  process.on("SIGINT", wait);
  try {
    return await new Promise<number>((resolve, reject) =>
      child.once("error", reject).once("exit", (code) => resolve(code ?? 1)),
    );
  } finally {
    process.off("SIGINT", wait);
  }
}
