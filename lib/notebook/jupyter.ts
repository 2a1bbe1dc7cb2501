/** `npm run lab`: JupyterLab with our kernel, where there is one on this machine; else how to get it. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";

/** How JupyterLab may be started, and what of the same Jupyter trusts notebooks. */
interface Commands {
  lab: string[];
  trust: string[];
}

/** In order of preference. */
function candidates(): Commands[] {
  const pythons = [process.env.JUPYTER_PYTHON, "python3", "python"].filter((name): name is string => Boolean(name));
  return [
    ...(process.env.JUPYTER_PYTHON ? [] : [{ lab: ["jupyter-lab"], trust: ["jupyter-trust"] }]),
    ...pythons.map((python) => ({ lab: [python, "-m", "jupyterlab"], trust: [python, "-m", "nbformat.sign"] })),
  ];
}

/** The project's own notebooks, whose code the user runs anyway: not others that lie beside them. */
function ownNotebooks(): string[] {
  const git = spawnSync("git", ["ls-files", "notebooks"], { cwd: projectRoot, encoding: "utf8" });
  const folder = path.join(projectRoot, "notebooks");
  const names =
    git.status === 0 && git.stdout !== ""
      ? git.stdout.split("\n").filter((file) => existsSync(path.join(projectRoot, file)))
      : readdirSync(folder).map((name) => `notebooks/${name}`);
  return names.filter((name) => /\/\d\d-[\w-]+\.ipynb$/.test(name));
}

/** So that tables and figures of a fresh clone are shown as they were executed; else Jupyter shows their text. */
function trust([program, ...args]: string[]): void {
  const { status, stderr, error } = spawnSync(program!, [...args, ...ownNotebooks()], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
  process.stderr.write(`lab: the notebooks are not trusted yet (${why}): run their cells to see their figures\n`);
}

/**
 * Starts JupyterLab in the foreground: loopback only, with the token Jupyter makes up, opened at `notebooks/`.
 * @param options more of its own, which stand above these
 * @returns its exit code, once it has ended
 * @throws UserError saying how to get JupyterLab, when there is none
 */
export async function startJupyterLab(options: readonly string[]): Promise<number> {
  const found = candidates().find(
    ({ lab: [program, ...args] }) =>
      spawnSync(program!, [...args, "--version"], { cwd: projectRoot, stdio: "ignore" }).status === 0,
  );
  if (!found) {
    throw new UserError({
      expected: "JupyterLab on this machine",
      got: "no jupyter-lab command, and no python3 with the module jupyterlab",
      fix:
        "Install it with `pip install jupyterlab` and run `npm run lab` again; or open the folder notebooks/ in " +
        'VS Code with the Jupyter extension and choose the kernel "TypeScript (mask-dpo-lab)". ' +
        "`npm run reproduce` needs neither.",
    });
  }
  trust(found.trust);
  const [program, ...args] = found.lab;
  // The set-up wrote this project's kernelspec there, also where the user's Jupyter folder cannot be written.
  const kernels = path.join(projectRoot, "node_modules/.mask-dpo-jupyter");
  const child = spawn(
    program!,
    [
      ...args,
      "--ip=127.0.0.1",
      `--ServerApp.root_dir=${projectRoot}`,
      "--LabApp.default_url=/lab/tree/notebooks",
      ...options,
    ],
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
