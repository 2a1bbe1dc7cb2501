/**
 * Is a judge that errs good enough (notebook 12)? The mask's lead over DPO by how often the annotator of the pairs is
 * wrong and by how mixed the pairs are, which K sets: of few candidates even the best has many wrong sentences. The
 * paper's annotator agrees with people on about four of five sentences; none of its experiments varies that.
 */
import { Rng } from "../base/rng";
import { armDifference, scoreOf, type Arm, type ArmDifference } from "../evaluation/arm";
import { intervalOf } from "../evaluation/armTables";
import { verdictOf } from "../evaluation/claims";
import { mean } from "../base/stats";
import { differenceNumber, type HeadlineNumber } from "../lab/headline";
import { armOf, runArms, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { sampled, type ArmSpec, type Study } from "../lab/study";
import type { Figure } from "../show/figure/figure";
import { gridFigure } from "../show/figure/grid";
import { runsOf } from "../show/provenance";
import type { Table } from "../show/table";

type Both<T> = Record<"paper" | "none", T>;

const masks = { paper: "Mask-DPO", none: "DPO (no mask)" } as const;
const keyOf = (mask: "paper" | "none", k: number, error: number): string => `${mask} ${k} ${error}`;

/** Both masks at every K and error. */
export function phaseArms(session: Session): Record<string, ArmSpec> {
  const { candidates, errors } = session.preset.phase;
  const arms = candidates.flatMap((k) =>
    errors.flatMap((error) =>
      (["paper", "none"] as const).map((mask): [string, ArmSpec] => [
        keyOf(mask, k, error),
        {
          label: `${masks[mask]}, K = ${k}, ${100 * error} % errors`,
          setting: { mask, pairs: { k, ...(error > 0 && { error }) } },
          seeds: session.preset.seeds,
          evaluations: sampled,
        },
      ]),
    ),
  );
  return Object.fromEntries(arms);
}

export const study: Study = { notebook: "12", arms: (session) => Object.values(phaseArms(session)) };

/** A point of the diagram. */
export interface PhaseCell {
  k: number;
  error: number;
  /** share of wrong sentences in chosen sides, as an annotator without error finds them at this K */
  wrongInChosen: number;
  arms: Both<Arm>;
  lead: ArmDifference;
}

/** Runs what is missing; by K, then by error. */
export async function runPhase(session: Session): Promise<PhaseCell[]> {
  const arms = await runArms(session, phaseArms(session));
  const rng = new Rng(session.seed).fork("phase");
  const at = (mask: "paper" | "none", k: number, error: number): AlignedArm => arms[keyOf(mask, k, error)]!;
  const { candidates, errors } = session.preset.phase;
  return candidates.flatMap((k) => {
    const wrongInChosen = mean(at("paper", k, 0).results.map((result) => result.wrongInChosen));
    return errors.map((error): PhaseCell => {
      const own = {
        paper: armOf(at("paper", k, error), "test sampled"),
        none: armOf(at("none", k, error), "test sampled"),
      };
      const lead = armDifference(own.paper, own.none, "score", rng.fork(k).fork(String(error)));
      return { k, error, wrongInChosen, arms: own, lead };
    });
  });
}

/** Leads as a grid, the most mixed pairs at the top; starred where the claim is shown by the rule of all claims. */
export function phaseFigure(cells: readonly PhaseCell[]): Figure {
  const ks = [...new Set(cells.map(({ k }) => k))].sort((a, b) => b - a); // few candidates are mixed most
  const of = (k: number) => cells.filter((cell) => cell.k === k);
  const errors = of(ks[0]!).map(({ error }) => error);
  return gridFigure({
    name: "12-phase",
    title: "The mask's lead over DPO by annotator and pairs (points, test, sampled; * shown)",
    xTitle: "Sentences that the annotator misjudges (%)",
    yTitle: "Wrong in chosen (%)",
    xLabels: errors.map((error) => String(100 * error)),
    yLabels: ks.map((k) => `${(100 * of(k)[0]!.wrongInChosen).toFixed(0)} (K = ${k})`),
    cells: ks.map((k) =>
      of(k).map(({ lead }) => ({ value: intervalOf(lead), marked: verdictOf(lead) === "shown", runs: lead.runs })),
    ),
  });
}

/** The same with scores; against the base too, which no pairs have changed. */
export function phaseTable({ seed }: Session, cells: readonly PhaseCell[], base: Arm): Table {
  const rng = new Rng(seed).fork("phase table");
  return {
    name: "12-phase",
    caption: "Mask-DPO and DPO by errors of the annotator and candidates a question (test, sampled)",
    columns: [
      { key: "k", label: "K", digits: 0 },
      { key: "wrong", label: "Wrong in chosen (%)" },
      { key: "error", label: "Misjudged (%)", digits: 0 },
      { key: "paper", label: "Mask-DPO (%) [95 %]" },
      { key: "none", label: "DPO (%) [95 %]" },
      { key: "lead", label: "Lead (points) [95 %]", digits: 2 },
      { key: "p", label: "p (permutation)", digits: 4 },
      { key: "gain", label: "Mask-DPO - base (points) [95 %]", digits: 2 },
    ],
    rows: cells.map(({ k, error, wrongInChosen, arms, lead }) => {
      const own = rng.fork(k).fork(String(error));
      return {
        k,
        wrong: 100 * wrongInChosen,
        error: 100 * error,
        paper: scoreOf(arms.paper, "score", own.fork("paper")),
        none: scoreOf(arms.none, "score", own.fork("none")),
        lead: intervalOf(lead),
        p: lead.p,
        gain: intervalOf(armDifference(arms.paper, base, "score", own.fork("gain"))),
        runs: runsOf(lead).join(" "),
      };
    }),
  };
}

/** The lead at the preset's K, by error, for the closing table. */
export function phaseNumbers(cells: readonly PhaseCell[]): HeadlineNumber[] {
  const most = Math.max(...cells.map(({ k }) => k));
  return cells
    .filter(({ k, error }) => k === most && error > 0)
    .map(({ error, lead }) =>
      differenceNumber(`Mask-DPO > DPO, sampled, annotator wrong about ${100 * error} %`, null, lead),
    );
}
