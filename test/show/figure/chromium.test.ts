/** What a browser leaves in the folder for temporary files: nothing, in the end, even of a process that was killed. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot, typescriptLoader } from "../../../lib/base/files";
import { startNode, until } from "../../cli/process";
import { scratch } from "../../golden/fixtures";

test(
  "a killed process's profile goes when the next browser starts; others' folders stay",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const tmp = path.join(dir, "tmp");
    mkdirSync(tmp);
    const script = path.join(dir, "browse.ts");
    writeFileSync(
      script,
      `import { writeFileSync } from "node:fs";
    import { launchChromium } from ${JSON.stringify(path.join(projectRoot, "lib/show/figure/chromium"))};
    void launchChromium().then(async (launched) => {
      if (!("browser" in launched)) return writeFileSync(process.argv[2]!, launched.failures.join());
      const page = await launched.browser.newPage();
      await page.setContent("<p>profile");
      writeFileSync(process.argv[2]!, "open");
      if (process.argv[3] === "close") await launched.browser.close();
    });`,
    );
    let starts = 0;
    const begin = (...more: string[]) => {
      const mark = path.join(dir, `mark-${starts++}`);
      const running = startNode(["--require", typescriptLoader, script, mark, ...more], { TMPDIR: tmp });
      return { running, opened: () => until(() => readdirSync(dir).includes(path.basename(mark)), running) };
    };
    const killed = begin();
    await killed.opened();
    const [left, ...more] = readdirSync(tmp).filter((name) => !name.startsWith("tsx-"));
    if (left === undefined) return t.skip("no Chromium starts here");
    assert.match(left, new RegExp(`^mask-dpo-chromium-${killed.running.child.pid}-`));
    assert.deepEqual(more, [], "the profile is in a folder of ours");
    killed.running.child.kill("SIGKILL");
    await killed.running.ended;
    const ours = `mask-dpo-chromium-${process.pid}-alive`;
    for (const name of [ours, "mask-dpo-chromium-of-somebody"]) mkdirSync(path.join(tmp, name));
    const closed = begin("close");
    assert.equal((await closed.running.ended).code, 0);
    assert.deepEqual(
      readdirSync(tmp).filter((name) => !name.startsWith("tsx-")),
      [ours, "mask-dpo-chromium-of-somebody"].sort(),
    );
  },
);
