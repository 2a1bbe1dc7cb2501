/** Results of notebook 07 as tables, figures and headline numbers. */
import { percent } from "../../base/percent";
import { addCounts, countSentences } from "../../factuality/score";
import { maskKinds } from "../../preference/mask";
import type { Mixing, Shares } from "../../preference/mixing";
import type { OfficialMaskReport } from "../../preference/officialMask";
import type { PairReport } from "../../preference/pair";
import { candidateScores } from "../../evaluation/charts";
import { barFigure } from "../../show/figure/bars";
import type { Figure } from "../../show/figure/figure";
import { scoresByRarity, type HumanMasks, type HumanModel, type HumanModelName, type HumanPreferences } from "./study";
import type { HeadlineNumber } from "../../lab/headline";
import { okabeIto, palette, type SeriesStyle } from "../../show/palette";
import { mixingTable, pairReportTable } from "../../preference/tables";
import type { Session } from "../../lab/session";
import type { Cell, Table } from "../../show/table";

/** FActScores of the human labels as Min et al. (2023) print them in Table 1. */
const published: Readonly<Record<HumanModelName, number>> = { InstructGPT: 42.5, ChatGPT: 58.3, PerplexityAI: 71.5 };

const looks: Readonly<Record<HumanModelName, SeriesStyle>> = {
  InstructGPT: { ...palette.base, color: okabeIto.skyBlue },
  ChatGPT: { ...palette.dpo, color: okabeIto.orange },
  PerplexityAI: { ...palette.inverted, color: okabeIto.purple },
};

/** How the label files were read: abstentions, sentences by how they were found, and by verdict. */
export function labelTable(models: readonly HumanModel[]): Table {
  return {
    name: "07-labels",
    caption: "Human labels as sentences with verdicts",
    columns: [
      { key: "model", label: "Model" },
      { key: "topics", label: "Topics" },
      { key: "abstained", label: "Abstained" },
      { key: "sentences", label: "Sentences" },
      { key: "verbatim", label: "Found verbatim" },
      { key: "loose", label: "Found but for spaces and [n]" },
      { key: "missing", label: "Not found" },
      { key: "supported", label: "Supported" },
      { key: "wrong", label: "Hallucination" },
      { key: "noFact", label: "No fact" },
    ],
    rows: models.map(({ name, responses, candidates, location }) => {
      const { correct, incorrect, noFact } = addCounts(candidates.map(({ sentences }) => countSentences(sentences)));
      return {
        model: name,
        topics: responses.length,
        abstained: responses.filter(({ sentences }) => !sentences).length,
        sentences: location.sentences,
        verbatim: location.verbatim,
        loose: location.loose,
        missing: location.missing.length,
        supported: correct,
        wrong: incorrect,
        noFact,
      };
    }),
  };
}

export function factScoreTable(models: readonly HumanModel[]): Table {
  return {
    name: "07-factscore",
    caption: "FActScore of the human labels (95 % intervals over topics)",
    columns: [
      { key: "model", label: "Model" },
      { key: "respond", label: "% responding" },
      { key: "facts", label: "Facts per response" },
      { key: "S", label: "# S" },
      { key: "NS", label: "# NS" },
      { key: "IR", label: "# IR" },
      { key: "score", label: "% FActScore" },
      { key: "published", label: "Published" },
      { key: "penalised", label: "% with length penalty" },
    ],
    rows: models.map(({ name, score }) => ({
      model: name,
      respond: percent(score.respondRatio),
      facts: score.factsPerResponse,
      ...score.facts,
      score: percent(score.score),
      published: published[name],
      penalised: percent(score.penalised),
    })),
  };
}

/** Scores by frequency of the topic. */
export function rarityFigure(session: Session, models: readonly HumanModel[]): Figure {
  const scores = models.map((model) => scoresByRarity(model, session));
  return barFigure({
    name: "07-rarity",
    title: "FActScore by frequency of the topic",
    categories: scores[0]?.map(({ rarity }) => rarity) ?? [],
    valueTitle: "FActScore (%)",
    range: [0, 100],
    width: 720,
    series: models.map(({ name }, m) => ({
      label: name,
      style: looks[name],
      values: scores[m]!.map(({ score }) => score && percent(score)),
    })),
  });
}

/** Notebook 01's table of filters and of mixing, and its figure of scores, for these pairs. */
export const humanPairTable = (report: PairReport): Table => ({
  ...pairReportTable(report),
  name: "07-pair-filters",
  caption: "ChatGPT against InstructGPT: what became of the topics",
});
export const humanMixingTable = (mixing: Mixing, tokens: Shares, { report, tokenizer }: HumanMasks): Table => ({
  ...mixingTable(mixing, tokens, report),
  name: "07-mixing",
  caption: `How mixed the pairs are (${tokenizer})`,
});
export const humanScores = ({ candidates, pairs, runs }: HumanPreferences): Figure => ({
  ...candidateScores(candidates, pairs),
  runs,
  name: "07-candidate-scores",
});

/** What each mask leaves to learn from. */
export function keptTokensTable({ kept, tokenizer }: HumanMasks): Table {
  return {
    name: "07-kept-tokens",
    caption: `Completion tokens that each mask keeps (${tokenizer})`,
    columns: [
      { key: "mask", label: "Mask" },
      { key: "chosen", label: "Chosen (%)", digits: 1 },
      { key: "rejected", label: "Rejected (%)", digits: 1 },
    ],
    rows: maskKinds.map((mask) => ({ mask, chosen: 100 * kept[mask].chosen, rejected: 100 * kept[mask].rejected })),
  };
}

/** What the official code's masks would do to these pairs. */
export function officialMaskTable({ official: { span, withGap }, tokenizer }: HumanMasks): Table {
  const row = (what: string, value: (report: OfficialMaskReport) => Cell) => ({
    what,
    span: value(span),
    withGap: value(withGap),
  });
  const share = (part: number, whole: number): number => (100 * part) / whole;
  return {
    name: "07-official-masks",
    caption: `The official code's masks against exact ones (${tokenizer})`,
    columns: [
      { key: "what", label: "Quantity" },
      { key: "span", label: "Sentences as annotated", align: "right" },
      { key: "withGap", label: "With the space behind them", align: "right" },
    ],
    rows: [
      row("pairs", ({ pairs }) => pairs),
      row("pairs trained unmasked (fallback)", ({ fallbacks }) => fallbacks),
      row("other pairs with a wrong token (drift)", ({ drifted }) => drifted),
      row("pairs with any wrong token (%)", ({ pairs, fallbacks, drifted }) => share(fallbacks + drifted, pairs)),
      row("completion tokens", ({ tokens }) => tokens),
      row("wrong by fallback (%)", ({ tokens, wrongByFallback }) => share(wrongByFallback, tokens)),
      row("wrong by drift (%)", ({ tokens, wrongByDrift }) => share(wrongByDrift, tokens)),
      row("sides whose closing token is masked", ({ closingMasked }) => closingMasked),
    ],
  };
}

/** Headline numbers of notebook 07. */
export function humanNumbers(
  models: readonly HumanModel[],
  mixing: Mixing,
  { official: { span, withGap } }: HumanMasks,
): HeadlineNumber[] {
  const wrong = (what: string, { pairs, fallbacks, drifted }: OfficialMaskReport): HeadlineNumber => ({
    what: `pairs with a wrong token under the official masks, ${what}`,
    unit: "%",
    paper: null,
    here: (100 * (fallbacks + drifted)) / pairs,
  });
  return [
    ...models.map(({ name, score }): HeadlineNumber => ({
      what: `${name}, FActScore of human labels (Min et al. 2023, Table 1)`,
      unit: "%",
      paper: published[name],
      here: percent(score.score),
    })),
    {
      what: "human labels: wrong sentences in chosen",
      unit: "%",
      paper: null,
      here: 100 * mixing.sentences.wrongInChosen,
    },
    {
      what: "human labels: right sentences in rejected",
      unit: "%",
      paper: null,
      here: 100 * mixing.sentences.rightInRejected,
    },
    wrong("sentences as annotated", span),
    wrong("with the space behind them", withGap),
  ];
}
