/** The page of pairs at work: relabelling and export, links, orders, and what the loss pushes. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { tokenLogratios } from "../../../lib/align/tokenLogratios";
import { chooseObjective, objectives } from "../../../lib/align/objective/registry";
import { writeJsonl } from "../../../lib/base/jsonl";
import { startEngine } from "../../../lib/engine/backend";
import { readCheckpoint, writeCheckpoint } from "../../../lib/model/checkpoint";
import { loadPolicy } from "../../../lib/model/policy";
import { tokenizePair } from "../../../lib/preference/collate";
import { maskKinds, sideNames, type Side } from "../../../lib/preference/mask";
import type { PreferencePair } from "../../../lib/preference/pair";
import { readPairs } from "../../../lib/preference/pairFile";
import type { Content } from "../../../lib/steps/inspect/content";
import { inspectVerb } from "../../../lib/steps/inspect/inspect";
import { Bench } from "../../../lib/steps/inspect/page/bench";
import { Labels } from "../../../lib/steps/inspect/page/labels";
import { offers } from "../../../lib/steps/inspect/page/objectives";
import { Order } from "../../../lib/steps/inspect/page/order";
import { firstView, hashOfView, sorts, viewOfHash, type View } from "../../../lib/steps/inspect/page/view";
import { lossVerb, type LossRow } from "../../../lib/steps/loss";
import { promptIds } from "../../../lib/text/prompt";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { tinyModel, tinyPairs } from "../../cli/data";
import { rowsOf } from "../../cli/process";
import { useChromium } from "../../show/browser";
import { pageOpener } from "./pages";

const onPage = pageOpener(useChromium());
const dir = mkdtempSync(path.join(tmpdir(), "workbench-"));
const at = (name: string): string => path.join(dir, name);
after(() => rmSync(dir, { recursive: true, force: true }));
const pairs = tinyPairs(6);
let content: Content;

/** Its embedding is not that of its reference. */
function writePolicy(name: string): void {
  const { config, tensors } = readCheckpoint(tinyModel);
  const moved = new Map(tensors).set("model.embed_tokens.weight", {
    ...tensors.get("model.embed_tokens.weight")!,
    data: tensors.get("model.embed_tokens.weight")!.data.map((value, i) => value * (i % 3 ? 1.3 : 0.8)),
  });
  writeCheckpoint(at(name), config, moved, tinyModel);
}

before(async () => {
  await startEngine();
  writePolicy("policy");
  writeJsonl(at("pairs.jsonl"), pairs);
  const request = { pairs: at("pairs.jsonl"), model: tinyModel, mask: "paper" as const, seed: 7 };
  await inspectVerb({ ...request, policy: at("policy"), out: at("pairs.html") });
  const [, data] = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(
    readFileSync(at("pairs.html"), "utf8"),
  )!;
  content = JSON.parse(data!) as Content;
});

const bench = (): Bench => new Bench(content, new Labels(pairs, "none", undefined));
const badge = (side: string, sentence: number): string => `#verdict-${side}-${sentence}`;
const shown = (page: Page): Promise<string | null> => page.locator("#pair h2").textContent();

test("log-probabilities are the policies' own; a push is minus the gradient that `mask-dpo loss` gives", async () => {
  const [policy, reference] = [loadPolicy(at("policy")), loadPolicy(tinyModel)];
  const ours = bench();
  const available = offers.filter(({ missing }) => !missing).map(({ choice }) => choice.name);
  assert.ok(available.length >= 20 && available.length < objectives.length, String(available.length));
  for (const mask of maskKinds) {
    const rows = [];
    for (const [id, pair] of pairs.slice(0, 2).entries()) {
      const found = await tokenLogratios(policy, reference, pair, { mask, seed: 7 });
      const side = (name: Side) => {
        const { policy: logps, reference } = ours.logps(id, name)!;
        assert.equal(logps.length, found[name].length);
        found[name].forEach((token, t) => {
          close(logps[t]!, token.logps, 1e-5);
          close(reference[t]!, token.reference, 1e-5);
        });
        const weights = found[name].map(({ kept }) => (kept ? 1 : 0));
        return { logps, reference, weights, label: 1 as const }; // both sides have a wrong sentence
      };
      rows.push({ id, chosen: side("chosen"), rejected: side("rejected") });
    }
    writeJsonl(at("rows.jsonl"), rows);
    for (const name of available) {
      lossVerb(chooseObjective(name), at("rows.jsonl"), at("losses.jsonl"));
      for (const [id, { loss, ...gradient }] of rowsOf<LossRow>(at("losses.jsonl")).entries()) {
        const push = ours.push(id, mask, name)!;
        close(push.loss, loss, 1e-12);
        for (const side of sideNames) {
          const slopes = gradient[`${side}Gradient`];
          assert.equal(push[side].length, slopes.length);
          slopes.forEach((slope, t) => close(push[side][t]!, -slope, 1e-12));
        }
      }
    }
  }
  const push = ours.push(0, "paper", "dpo")!;
  assert.ok(push.chosen.every((value) => value >= 0) && push.rejected.every((value) => value <= 0));
  assert.ok(push.chosen.includes(0) && push.total > 0);
  policy.dispose();
  reference.dispose();
});

function close(got: number, wanted: number, off: number): void {
  assert.ok(Math.abs(got - wanted) <= off * Math.max(1, Math.abs(wanted)), `${got}, ${wanted}`);
}

test("masks and objectives are switched before the reader's eyes; colours are the signs of the push", async (t) => {
  await onPage(t, at("pairs.html"), async (page) => {
    const masked = (): Promise<number> => page.locator("#pair .t.masked").count();
    const ours = bench();
    for (const mask of maskKinds) {
      await page.locator(`#mask input[value=${mask}]`).check();
      const weights = sideNames.flatMap((side) => [...ours.masked(0, side, mask).weights]);
      assert.equal(await masked(), weights.filter((weight) => weight === 0).length, mask);
      const push = ours.push(0, mask, "dpo");
      const signs = (sign: 1 | -1): number =>
        push ? sideNames.flatMap((side) => push[side]).filter((value) => sign * value > 0).length : 0;
      assert.equal(await page.locator("#pair .t.up").count(), signs(1), mask);
      assert.equal(await page.locator("#pair .t.down").count(), signs(-1), mask);
    }
    await page.locator("#mask input[value=paper]").check();
    assert.match((await page.locator("#pair .side p").first().textContent())!, /of loss per nat in all$/);
    await page.selectOption("#objective", "sft");
    assert.equal(await page.locator("#pair .t.down").count(), 0, "imitation looks at the chosen side only");
    assert.ok((await page.locator("#pair .t.up").count()) > 0);
    assert.ok(await page.locator("#objective option[value=tdpo1]").isDisabled());
    await page.selectOption("#colour", "verdict");
    assert.equal(await page.locator("#pair .t.up").count(), 0);
  });
});

test("a verdict is changed, taken back, kept over a reload, and exported as training reads it", async (t) => {
  await onPage(t, at("pairs.html"), async (page) => {
    await page.keyboard.press("j");
    const before = await page.locator(".side").first().innerHTML();
    const wrong = pairs[1]!.chosen.sentences.length - 1;
    assert.equal(pairs[1]!.chosen.sentences[wrong]!.verdict, "contradictory");
    await page.selectOption(badge("chosen", wrong), "supported");
    assert.match((await page.locator("#changes").textContent())!, /^1 sentence relabelled in 1 pair/);
    assert.equal(await page.evaluate(() => document.activeElement?.id), `verdict-chosen-${wrong}`);
    await page.keyboard.press("u"); // letters choose, as in every list
    assert.equal(await page.inputValue(badge("chosen", wrong)), "unverifiable");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    assert.equal(await page.locator(".side").first().innerHTML(), before);
    await page.keyboard.press("Control+Shift+Z");
    await page.selectOption(badge("rejected", 0), "no-fact");
    await page.waitForFunction(() => location.hash === "#pair=2");
    await page.reload();
    assert.equal(await page.inputValue(badge("chosen", wrong)), "supported");
    assert.match((await page.locator("#changes").textContent())!, /^2 sentences relabelled in 1 pair/);
    assert.match(
      await page.inputValue("#command"),
      /^node lib\/cli\/mask-dpo\.mjs train --pairs \S+\/pairs-corrected\.jsonl --mask paper --out \S+\/corrected$/,
    );
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
    assert.equal(download.suggestedFilename(), "pairs-corrected.jsonl");
    await download.saveAs(at("corrected.jsonl"));
    const [lines, read] = ["corrected.jsonl", "pairs.jsonl"].map((name) => readFileSync(at(name), "utf8").split("\n"));
    assert.deepEqual(
      lines!.filter((line, i) => line !== read![i]),
      [lines![1]],
    );
    const corrected = readPairs(at("corrected.jsonl"))[1]!;
    const [right, scores] = [pairs[1]!.chosen.sentences, corrected.scores];
    assert.equal(corrected.chosen.sentences[wrong]!.verdict, "supported");
    assert.equal(corrected.rejected.sentences[0]!.verdict, "no-fact");
    const good = right.filter(({ verdict }) => verdict === "supported" || verdict === "no-fact").length;
    assert.equal(scores.chosen, (good + 1) / right.length);
    const tokenizer = loadTokenizer(tinyModel);
    const weights = (pair: PreferencePair) =>
      tokenizePair(pair, tokenizer, promptIds(tokenizer, pair.prompt), { mask: "paper" }).chosen;
    const [old, now] = [weights(pairs[1]!), weights(corrected)];
    assert.deepEqual(
      now.weights,
      old.weights.map((weight, i) => (old.sentenceOf[i] === wrong ? 1 : weight)),
    );
    assert.notDeepEqual(now.weights, old.weights);
  });
});

test("an address leads to a pair with filters, order, mask and objective; back and forward do", async (t) => {
  await onPage(t, at("pairs.html"), async (page, url) => {
    await page.goto(`${url}#sort=-length&mask=inverted&objective=ipo&text=q&colour=verdict&pair=4`);
    const is = async (): Promise<unknown[]> => [
      await shown(page),
      await page.inputValue("#sort"),
      await page.locator("#mask input:checked").inputValue(),
      await page.inputValue("#objective"),
      await page.inputValue("#text"),
    ];
    const linked = ["q3 (q3)", "-length", "inverted", "ipo", "q"];
    assert.deepEqual(await is(), linked);
    await page.reload();
    assert.deepEqual(await is(), linked);
    await page.selectOption("#sort", "mixing");
    await page.waitForFunction(() => location.hash.includes("sort=mixing"));
    assert.equal(await shown(page), "q3 (q3)", "the pair stays in another order");
    await page.goBack();
    assert.deepEqual(await is(), linked);
    await page.goForward();
    assert.equal(await page.inputValue("#sort"), "mixing");
    await page.locator("#reset").click();
    assert.deepEqual(await is(), ["q0 (q0)", "", "paper", "dpo", ""]);
    await page.goto(`${url}#sort=nonsense&mask=x&pair=99&objective=tdpo1`);
    assert.deepEqual(await is(), ["q0 (q0)", "", "paper", "dpo", ""]);
  });
});

test("orders go by margin, mixing, length and push; a view survives its address", () => {
  const [ours, preset] = [bench(), firstView(content)];
  const orders = new Order(ours);
  const values: Record<string, (pair: number) => number> = {
    margin: (pair) => ours.margin(pair),
    mixing: (pair) => {
      const { chosen, rejected } = pairs[pair]!;
      const wrong = (verdict: string): boolean => ["contradictory", "unverifiable"].includes(verdict);
      const dropped = [
        ...chosen.sentences.map(({ verdict }) => wrong(verdict)),
        ...rejected.sentences.map(({ verdict }) => !wrong(verdict)),
      ];
      return dropped.filter(Boolean).length / dropped.length;
    },
    length: (pair) =>
      sideNames.reduce(
        (sum, side) => sum + ours.cut(pair, side).pieces.filter(({ token }) => token !== null).length,
        0,
      ),
    push: (pair) => ours.push(pair, "paper", "dpo")!.total,
  };
  assert.deepEqual(orders.of(preset), [0, 1, 2, 3, 4, 5]);
  for (const sort of sorts.filter((name) => name !== "")) {
    const order = orders.of({ ...preset, sort });
    const value = values[sort.replace("-", "")]!;
    assert.deepEqual(order.slice().sort(), [0, 1, 2, 3, 4, 5]);
    for (let i = 1; i < order.length; i++) {
      const [a, b] = [value(order[i - 1]!), value(order[i]!)];
      assert.ok(sort.startsWith("-") ? a <= b : a >= b, `${sort}: ${a}, ${b}`);
    }
    const view: View = { ...preset, sort, low: "5", text: "a b&c", pair: 3 };
    assert.deepEqual(viewOfHash(`#${hashOfView(view, preset)}`, preset, ["dpo"]), view);
  }
});
