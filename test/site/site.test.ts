/**
 * The site in a real browser, as files and from a server: it answers as Node does, trains, asks for nothing elsewhere,
 * can be used with a keyboard and heard by a screen reader, and every link leads somewhere.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { projectRoot } from "../../lib/base/files";
import { openSession } from "../../lib/lab/session";
import { readAdapter } from "../../lib/model/adapter/peft";
import { openCheckpoint } from "../../lib/model/checkpoint";
import { answersOf, questionOf } from "../../lib/site/atlas/asking";
import { floatsOf, Policies } from "../../lib/site/atlas/policies";
import type { Asked, Reply } from "../../lib/site/atlas/protocol";
import { bytesIn, writePages } from "../../lib/site/buildSite";
import { alignedFolder, baseFolder, halvesOf } from "../../lib/site/packAtlas";
import { siteRun } from "../../lib/site/tokenTrack";
import { readTokenizerFiles } from "../../lib/text/tokenizerFiles";
import { loadAtlas } from "../../lib/world/atlas";
import { seriousIn } from "../show/axe";
import { useChromium } from "../show/browser";
import { smallest } from "./smallest";

const chromium = useChromium();
const folder = mkdtempSync(path.join(tmpdir(), "site-"));
const site = path.join(folder, "site");
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  const session = { ...(await openSession({ preset: "smoke" })), runs: path.join(folder, "runs") };
  await writePages(site, await siteRun(session, smallest));
});

/** Opens a page of the site; what it logs as an error, and what it asks for elsewhere, fails the test. */
async function onPage(
  t: TestContext,
  url: string,
  work: (page: Page) => Promise<void>,
  options: { colorScheme?: "light" | "dark"; bypassCSP?: boolean } = {},
): Promise<void> {
  if (!chromium.browser) return t.skip(chromium.missing);
  const context = await chromium.browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  try {
    const page = await context.newPage();
    const problems: string[] = [];
    const root = url.startsWith("http") ? new URL("/", url).href : pathToFileURL(`${site}/`).href;
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(root) && !/^(data|blob):/.test(request.url())) problems.push(request.url());
    });
    await page.goto(url);
    await work(page);
    assert.deepEqual(problems, [], url);
  } finally {
    await context.close();
  }
}

const fileUrl = (name: string): string => pathToFileURL(path.join(site, name)).href;
const answered = (page: Page) => page.locator("#status", { hasText: "answered in" }).waitFor({ timeout: 120_000 });

/** Greedy answers of both policies to a question, computed in Node from the same 16-bit weights. */
async function expected(asked: Pick<Asked, "topic" | "question">): Promise<string[]> {
  const { config, shapes, read } = openCheckpoint(baseFolder);
  const policies = new Policies({ config, tokenizer: readTokenizerFiles(baseFolder) });
  const half = (parts: Float32Array[]) => floatsOf(halvesOf(parts));
  const base = half([...shapes.keys()].map((name) => read(name).data));
  const { config: lora, tensors } = readAdapter(alignedFolder, config);
  const adapter = half([...tensors.values()].map(({ data }) => data));
  const answers = [];
  for (const policy of [policies.of(base), policies.adapted(base, adapter, lora)]) {
    const [answer] = await answersOf(policy, loadAtlas(), questionOf(asked), 1, 1);
    answers.push(answer!.completion);
    policy.dispose();
  }
  return answers;
}

test("opened as a file, it answers as Node does, with verdicts, a pair, its mask and log-ratios", async (t) => {
  const topic = loadAtlas().topics.find(({ name }) => name === "Osaka")!;
  const question = "Where is Osaka?";
  const answers = await expected({ topic: topic.id, question });
  await onPage(t, fileUrl("atlas/index.html"), async (page) => {
    await answered(page);
    await page.fill("#city", "osaka, japan");
    await page.selectOption("#question", question);
    await page.focus("#city");
    await page.keyboard.press("Enter");
    await answered(page);
    const sentences = (policy: string): Promise<string[]> =>
      page.locator(`.${policy} .greedy .sentence`).evaluateAll((all) =>
        all.map((sentence) => {
          const text = sentence.cloneNode(true) as HTMLElement;
          for (const badge of text.querySelectorAll(".badge")) badge.remove();
          return text.textContent;
        }),
      );
    assert.deepEqual([(await sentences("base")).join(" "), (await sentences("aligned")).join(" ")], answers);
    await page.selectOption("#question", { index: 1 });
    assert.match((await page.locator("#asked").textContent())!, /^Asked: Where is Osaka\?; 8 candidates, seed 1$/);
    assert.equal(await page.locator(".column.base .candidates > li").count(), 8);
    const marks = await page.locator(".column.base .mark").allTextContents();
    assert.deepEqual(marks.sort(), ["best: chosen", "worst: rejected"]);
    const struck = () => page.locator("#pair s.token").count();
    assert.ok((await struck()) > 0);
    await page.getByLabel("DPO (no mask)", { exact: true }).first().check();
    assert.equal(await struck(), 0);
    assert.ok(
      (await page.locator("#heat .heat.more").count()) > 0 && (await page.locator("#heat .heat.less").count()) > 0,
    );
  });
});

test("it is used by keyboard: the skip link, masks by arrows, the slider", async (t) => {
  await onPage(t, fileUrl("atlas/index.html"), async (page) => {
    await answered(page);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
    await page.getByLabel("Mask-DPO", { exact: true }).first().focus();
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.getByLabel("DPO (no mask)", { exact: true }).first().isChecked());
    assert.equal(await page.locator("#step-now").textContent(), "step 2");
    const before = await page.locator("#steps").innerHTML();
    await page.focus("#step");
    await page.keyboard.press("Home");
    assert.equal(await page.locator("#step-now").textContent(), "step 0");
    assert.notEqual(await page.locator("#steps").innerHTML(), before);
    await page.fill("#city", "Nowhere");
    assert.match((await page.locator("#unknown").textContent())!, /no such city/);
  });
});

test("served, its worker trains: it begins as its reference, and goes on from there", async (t) => {
  const server = createServer((request, response) => {
    const file = path.join(site, decodeURI(request.url!.replace(/\/$/, "/index.html")));
    const type = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" }[path.extname(file)];
    if (!existsSync(file)) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type ?? "application/octet-stream" }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await onPage(t, `http://127.0.0.1:${port}/atlas/`, async (page) => {
    await answered(page);
    const replies = await page.evaluate(async (size) => {
      const url = URL.createObjectURL(new Blob([globalThis.maskDpoWorker], { type: "text/javascript" }));
      const worker = new Worker(url);
      const replies: Reply[] = [];
      const done = new Promise<void>((resolve) => {
        worker.onmessage = ({ data }: MessageEvent<Reply>) => {
          replies.push(data);
          if (data.kind === "failed" || (data.kind === "done" && data.of === "train")) resolve();
        };
      });
      const asked = { topic: "", question: "", k: 4, seed: 1 };
      worker.postMessage({ kind: "open", atlas: globalThis.maskDpoAtlas });
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          const ready = replies.find((reply) => reply.kind === "ready");
          if (!ready) return;
          clearInterval(timer);
          [asked.topic, asked.question] = [ready.topics[0]!.id, ready.topics[0]!.questions[0]!];
          resolve();
        }, 20);
      });
      worker.postMessage({ kind: "train", mask: "paper", size, seed: 1, asked });
      await done;
      return replies;
    }, smallest);
    const steps = replies.flatMap((reply) => (reply.kind === "step" ? [reply] : []));
    assert.equal(steps.length, 2, JSON.stringify(replies.at(-1)));
    assert.ok(Math.abs(steps[0]!.log.loss - Math.LN2) < 1e-4);
    assert.notEqual(steps[1]!.log.loss, steps[0]!.log.loss);
    assert.ok(steps[1]!.answer!.completion.length > 0);
  });
});

test("no page has what axe calls serious, light or dark", async (t) => {
  const pages = readdirSync(path.join(site, "notebooks"))
    .filter((name) => name.startsWith("0"))
    .slice(0, 2);
  const names = [
    "index.html",
    "atlas/index.html",
    "figures/index.html",
    "docs/index.html",
    "inspector.html",
    "pairs.html",
    "notebooks/index.html",
    ...pages.map((name) => `notebooks/${name}`),
  ];
  for (const name of names)
    for (const colorScheme of ["light", "dark"] as const)
      await onPage(
        t,
        fileUrl(name),
        async (page) => {
          if (name.startsWith("atlas")) await answered(page);
          assert.deepEqual(await seriousIn(page), [], `${name}, ${colorScheme}`);
        },
        { colorScheme, bypassCSP: true },
      );
});

test("the story says what was found, as the README does", () => {
  const story = readFileSync(path.join(site, "index.html"), "utf8");
  const found = /<h2 id="what-was-found">[^]*?<h2/.exec(story)?.[0] ?? "";
  const readme = readFileSync(path.join(projectRoot, "README.md"), "utf8");
  const points = /\n## What was found\n([^]*?)\n## /.exec(readme)![1]!.match(/^- /gm)!;
  assert.equal(found.match(/<li>/g)?.length, points.length);
});

test("every link leads somewhere, and no page needs the network", () => {
  const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  assert.ok(pages.length > 30);
  const dead: string[] = [];
  for (const name of pages) {
    const html = readFileSync(path.join(site, name), "utf8").replace(/<script[^]*?<\/script>/g, "");
    for (const [, attribute, link] of html.matchAll(/ (href|src)="([^"#]*)[^"]*"/g)) {
      if (!link || /^(data:|mailto:)/.test(link)) continue;
      const away = /^https?:/.test(link);
      if (away && attribute === "href") continue;
      const target = path.join(site, path.dirname(name), decodeURI(link));
      const there = !away && existsSync(target) && statSync(target).isFile();
      if (!there && !link.includes("/api/") && link !== "api/index.html") dead.push(`${name}: ${link}`);
    }
  }
  assert.deepEqual(dead, []);
});

test("the appendix shows the drawings that lie beside it, opened as a file too", (t) =>
  onPage(t, pathToFileURL(path.join(site, "figures/appendix.html")).href, async (page) => {
    await page.locator("figure > img").evaluateAll((all) => all.forEach((e) => e.setAttribute("loading", "eager")));
    await page.waitForFunction(() => [...document.images].every(({ naturalWidth }) => naturalWidth > 0));
    assert.ok((await page.locator("figure > img").count()) > 10);
    assert.equal(await page.locator("figure > svg").count(), 0);
  }));

test("it leaves room for the API below fifteen megabytes", () =>
  assert.ok(bytesIn(site) < 12e6, `${bytesIn(site)} bytes`));
