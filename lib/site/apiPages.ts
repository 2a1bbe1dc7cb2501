/** API documents, made by typedoc from the docstrings of what the library's door opens. */
import path from "node:path";
import { projectRoot } from "../base/files";

export async function writeApiPages(out: string): Promise<void> {
  const { Application, LogLevel } = await import("typedoc");
  const app = await Application.bootstrap({
    name: "mask-dpo-lab",
    entryPoints: [path.join(projectRoot, "lib/index.ts")],
    tsconfig: path.join(projectRoot, "tsconfig.json"),
    readme: "none",
    disableSources: true, // they would lead to a repository that only this copy knows
    excludePrivate: true,
    excludeInternal: true,
    skipErrorChecking: true, // npm test does that
    hideGenerator: true,
    githubPages: false,
    navigationLinks: { Site: "../index.html" },
    logLevel: LogLevel.Error,
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc: expected a project, got none");
  await app.generateDocs(project, path.join(out, "api"));
}
