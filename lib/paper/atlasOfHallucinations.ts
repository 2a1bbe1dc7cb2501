/** The atlas of hallucinations: Eq. 7 as a picture, whose facts are stated of a topic before and after alignment. */
import { groupBy, sum } from "../base/collections";
import { quantile } from "../base/stats";
import type { Answered } from "../lab/candidates";
import type { Session } from "../lab/session";
import { coastSource } from "../show/figure/coast";
import type { Figure } from "../show/figure/figure";
import { flowFigure, type Flow, type FlowView, type Place } from "../show/figure/flows";
import { runsOf } from "../show/provenance";
import { borrowedFacts, type BorrowedFact } from "../topic/borrowedFacts";
import { wrongStatements } from "../topic/wrongStatements";
import type { Atlas } from "../world/atlas";
import { distanceKm } from "../world/geography";
import { relationLabels } from "../world/relationLabels";

/** More arrows on a map hide each other. */
const mostArrows = 100;
/** Fewer borrowed facts than this, before and after together, are no choice of their own. */
const fewestFacts = 20;
/** Lines of an arrow's hover text. */
const mostLines = 4;

/** Answers to the same questions, equally many, so that counts compare. */
export function hallucinationAtlas({ atlas }: Pick<Session, "atlas">, before: Answered, after: Answered): Figure {
  const policies = [
    { label: "Before: base policy", ...borrowed(atlas, before) },
    { label: "After: Mask-DPO", ...borrowed(atlas, after) },
  ];
  const byRelation = groupBy(
    policies.flatMap(({ facts }) => facts),
    ({ relation }) => relation,
  );
  const counts = [...byRelation].map(([relation, facts]) => ({ relation, count: countOf(facts) }));
  const relations = counts.filter(({ count }) => count >= fewestFacts).sort((a, b) => b.count - a.count);
  const facts = policies.map((policy) => policy.facts);
  const all = viewOf(atlas, relationLabels.all, facts);
  const own = relations.map(({ relation }) =>
    viewOf(
      atlas,
      relationLabels[relation],
      facts.map((list) => list.filter((fact) => fact.relation === relation)),
    ),
  );
  const asked = [...new Set(before.questions.map(({ topic }) => topic))].map((id) => placeOf(atlas, id));
  return {
    ...flowFigure({
      name: "05-atlas",
      title: "Atlas of hallucinations: whose facts are stated of a test topic",
      note:
        `Sampled answers to ${before.questions.length} test questions. An arrow goes from the topic asked about (v ` +
        "of Eq. 7) to the nearest topic of which the wrong statement is true (u); on both maps those taken " +
        `${all.least > 1 ? `${all.least} times or more` : "at least once"}, of all relations. ` +
        `${coastSource[0]!.toUpperCase()}${coastSource.slice(1)}.`,
      panels: policies.map(panelTitle),
      views: [all, ...own].map(({ view }) => view),
      places: { label: "test topics", at: asked },
    }),
    runs: runsOf(before, after),
  };
}

interface Borrowed {
  facts: BorrowedFact[];
  answers: number;
  /** of all facts, each as often as it was stated */
  medianKm: number;
}

function borrowed(atlas: Atlas, { questions, answers }: Answered): Borrowed {
  const facts = borrowedFacts(atlas, wrongStatements(atlas, questions, answers));
  const km = facts.flatMap(({ from, to, count }) =>
    new Array<number>(count).fill(distanceKm(placeOf(atlas, from), placeOf(atlas, to))),
  );
  return { facts, answers: answers.length, medianKm: km.length > 0 ? quantile(km, 0.5) : NaN };
}

function panelTitle({ label, facts, answers, medianKm }: Borrowed & { label: string }): string {
  const far = Number.isNaN(medianKm) ? "" : `, half of them from within ${Math.round(medianKm)} km`;
  return `${label}. ${countOf(facts)} borrowed facts in ${answers} answers${far}`;
}

/**
 * The arrows of a choice, and how often one is taken at least: on both maps the same, so that they compare. Where more
 * are taken equally often than there is room for, they are all there.
 */
function viewOf(atlas: Atlas, name: string, lists: readonly BorrowedFact[][]): { view: FlowView; least: number } {
  const arrows = lists.map((facts) => [...groupBy(facts, ({ from, to }) => `${from}\n${to}`).values()]);
  const ranked = arrows.map((own) => own.map(countOf).sort((a, b) => b - a));
  const least = Math.max(1, ...ranked.map((own) => Math.min((own[mostArrows] ?? 0) + 1, own[0] ?? 1)));
  const [before, after] = lists.map(countOf);
  const shown = least > 1 ? `; shown from ${least} times on` : "";
  return {
    least,
    view: {
      label: `${name}: ${before} before, ${after} after${shown}`,
      panels: arrows.map((own) => own.filter((facts) => countOf(facts) >= least).map((facts) => flowOf(atlas, facts))),
    },
  };
}

/** Everything that is borrowed by one topic of another. */
function flowOf(atlas: Atlas, facts: readonly BorrowedFact[]): Flow {
  const [{ from, to }] = facts as [BorrowedFact];
  const lines = facts.map(({ relation, value, count }) => `${relationLabels[relation]}: ${value} (${count})`);
  const more = lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : [];
  return {
    from: placeOf(atlas, from),
    to: placeOf(atlas, to),
    count: countOf(facts),
    text: [`<b>${atlas.topic(from).name} → ${atlas.topic(to).name}</b>`, ...lines.slice(0, mostLines), ...more],
  };
}

function countOf(facts: readonly BorrowedFact[]): number {
  return sum(facts.map(({ count }) => count));
}

function placeOf(atlas: Atlas, id: string): Place {
  const { city, country } = atlas.topic(id);
  return city ?? country;
}
