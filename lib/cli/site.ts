/** `mask-dpo site`: what anyone can look at without installing anything. What builds it is loaded late: it is large. */
import path from "node:path";
import type { Command } from "commander";
import { projectRoot } from "../base/files";
import type * as BuildSiteModule from "../site/buildSite";
import { say } from "./options/flags";

export function addSiteCommand(program: Command): void {
  program
    .command("site")
    .description("write the site: story, notebooks, figures, inspector, API, and Atlas in the browser")
    .option("--out <dir>", "folder, which a file server or a file manager opens", path.join(projectRoot, "site"))
    .action(async ({ out }: { out: string }) => {
      const { buildSite } = require("../site/buildSite") as typeof BuildSiteModule;
      const bytes = await buildSite(out);
      say(`${path.join(out, "index.html")}: ${(bytes / 1e6).toFixed(1)} MB with all it links to`);
    });
}
