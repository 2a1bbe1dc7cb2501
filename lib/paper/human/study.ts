/** What notebook 07 computes: FActScore's human-labelled biographies as scores, preference pairs and masks. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Traced } from "../../show/provenance";
import { UserError } from "../../base/check";
import { projectRoot } from "../../base/files";
import { hashOf } from "../../base/hash";
import { writeJsonl } from "../../base/jsonl";
import { Rng } from "../../base/rng";
import type { Interval } from "../../base/stats";
import { factScore, type FactScore } from "../../factuality/factScore";
import {
  factLabels,
  humanCandidates,
  humanQuestions,
  raritySchema,
  readHumanLabels,
  type HumanResponse,
  type LocationReport,
  type Rarity,
} from "../../factuality/humanLabels";
import type { AnnotatedCandidate } from "../../factuality/records";
import { tokenizePairs, type TokenizedPair, type TokenizeReport } from "../../preference/collate";
import { maskKinds, type MaskKind, type Side } from "../../preference/mask";
import { keptShares } from "../../preference/mixing";
import {
  compareOfficialMasks,
  sentenceCuts,
  type OfficialMaskReport,
  type SentenceCut,
} from "../../preference/officialMask";
import { buildPairs, type PairReport, type PreferencePair } from "../../preference/pair";
import { promptIds } from "../../text/prompt";
import { loadTokenizer } from "../../text/tokenizer";
import { atlasFolder } from "../../world/facts";
import { runFolder } from "../../base/runFolder";
import type { Session } from "../../lab/session";
import { codeVersions } from "../../base/codeVersions";

/** The label files, `<name>.jsonl` each. */
export const humanModelNames = ["InstructGPT", "ChatGPT", "PerplexityAI"] as const;
export type HumanModelName = (typeof humanModelNames)[number];

/** For a notebook without the data. */
export const howToGetLabels =
  "No human labels: copy third_party/factscore/labeled_data of " +
  "github.com/google-deepmind/long-form-factuality (MIT) and set MASK_DPO_FACTSCORE to that folder.";

/**
 * Folder of the label files: MASK_DPO_FACTSCORE, else shared/data/factscore_human beside the project if it is there.
 * @throws UserError when the named folder is not there
 */
export function labelsFolder(): string | undefined {
  const named = process.env.MASK_DPO_FACTSCORE;
  if (named && !existsSync(named))
    throw new UserError({
      where: "MASK_DPO_FACTSCORE",
      expected: `a folder with ${humanModelNames.map((name) => `${name}.jsonl`).join(", ")}`,
      got: `${named}, which is not there`,
      fix: "Check the path, or leave it unset.",
    });
  const beside = path.join(projectRoot, "../shared/data/factscore_human");
  return named || (existsSync(beside) ? beside : undefined);
}

export interface HumanModel {
  name: HumanModelName;
  responses: HumanResponse[];
  candidates: AnnotatedCandidate[];
  location: LocationReport;
  score: FactScore;
}

/** All models of a label folder; undefined without one. @throws UserError with file:line for a bad row */
export function readHumanModels({ seed }: Session, folder = labelsFolder()): HumanModel[] | undefined {
  if (!folder) return undefined;
  return humanModelNames.map((name, index) => {
    const responses = readHumanLabels(path.join(folder, `${name}.jsonl`));
    const { candidates, report } = humanCandidates(responses, index);
    return {
      name,
      responses,
      candidates,
      location: report,
      score: factScore(responses.map(factLabels), humanStream(seed, name)),
    };
  });
}

function humanStream(seed: number, name: HumanModelName): Rng {
  return new Rng(seed).fork("human labels").fork(name);
}

/** A model's score by rarity of the topic, rarest first; null where it answered none. */
export function scoresByRarity(
  { name, responses }: HumanModel,
  { seed }: Session,
): { rarity: Rarity; score: Interval | null }[] {
  return raritySchema.options.map((rarity) => {
    const labels = responses.filter((response) => response.rarity === rarity).map(factLabels);
    return {
      rarity,
      score: labels.some((l) => l?.length) ? factScore(labels, humanStream(seed, name).fork(rarity)).score : null,
    };
  });
}

export interface HumanPreferences extends Traced {
  candidates: AnnotatedCandidate[];
  pairs: PreferencePair[];
  report: PairReport;
}

/**
 * §2.2 with two candidates per topic, one of each model; leaves the pairs in a run folder.
 * @throws UserError where no topic gives a pair
 */
export function humanPreferences(
  { seed, runs }: Session,
  models: readonly HumanModel[],
  names: readonly [HumanModelName, HumanModelName],
): HumanPreferences {
  const two = models.filter(({ name }) => names.includes(name));
  const candidates = two.flatMap((model) => model.candidates);
  const { pairs, report } = buildPairs(candidates, humanQuestions(two.map(({ responses }) => responses)), { seed });
  if (pairs.length === 0)
    throw new UserError({
      where: "human labels",
      expected: `at least one pair of ${names.join(" and ")}`,
      got: `none from ${report.questions} topics`,
      fix: "Check that both files label the same topics.",
    });
  const folder = runFolder(runs, "human-pairs", { pairs: hashOf(pairs), code: codeVersions("pairs") });
  writeJsonl(path.join(folder, "pairs.jsonl"), pairs);
  return { candidates, pairs, report, runs: [path.basename(folder)] };
}

export interface HumanMasks {
  /** For captions. */
  tokenizer: string;
  /** With the paper's mask. */
  pairs: TokenizedPair[];
  report: TokenizeReport;
  /** Share of completion tokens that each mask keeps, over the pairs of which it empties no side. */
  kept: Record<MaskKind, Record<Side, number>>;
  official: Record<SentenceCut, OfficialMaskReport>;
}

/**
 * Exact masks of all pairs, and how the official code's would differ.
 * @param folder of a Hugging Face tokenizer; no model is read, so no pair is too long
 */
export function humanMasks(
  pairs: readonly PreferencePair[],
  seed: number,
  folder = process.env.MASK_DPO_TOKENIZER || atlasFolder,
): HumanMasks {
  const tokenizer = loadTokenizer(folder);
  const tokenized = (mask: MaskKind) =>
    tokenizePairs(pairs, tokenizer, (prompt) => promptIds(tokenizer, prompt), { mask, seed, maxPositions: Infinity });
  const paper = tokenized("paper");
  return {
    tokenizer: `tokenizer ${path.basename(path.resolve(folder))}, ${tokenizer.vocabSize} ids`,
    pairs: paper.pairs,
    report: paper.report,
    kept: Object.fromEntries(maskKinds.map((mask) => [mask, keptShares(tokenized(mask).pairs)])) as Record<
      MaskKind,
      Record<Side, number>
    >,
    official: Object.fromEntries(
      sentenceCuts.map((cut) => [cut, compareOfficialMasks(paper.pairs, tokenizer, cut)]),
    ) as Record<SentenceCut, OfficialMaskReport>,
  };
}
