/** Retrieved documents as context, and a ranker that learns which help (dynamic uncertainty ranking). */
import { answerTotals } from "../../evaluation/answerTotals";
import type { Arm } from "../../evaluation/arm";
import { armTable } from "../../evaluation/armTables";
import {
  answerBy,
  answersBehind,
  rankerOf,
  retrievals,
  type Behind,
  type Retrieval,
} from "../../lab/inference/retrieval";
import type { Ranker } from "../../lab/inference/ranker";
import { seedsOf, type Session } from "../../lab/session";
import type { Table } from "../../show/table";
import type { MethodComparison } from "./staged";

/** All questions, and those about the larger and the smaller half of the topics: head and tail of pretraining. */
const parts = ["all", "head", "tail"] as const;
type Part = (typeof parts)[number];

const names: Record<Retrieval, string> = {
  none: "no document",
  random: "of a random topic",
  near: "of the nearest topic",
  ranked: "as the ranker chooses",
  oracle: "the topic's own",
};

export interface RetrievalArms {
  arms: Record<Part, Record<Retrieval, Arm>>;
  /** of the first seed */
  ranker: Ranker;
}

/** Answers of the base; the ranker learns on validation questions. */
export async function runRetrieval(session: Session): Promise<RetrievalArms> {
  const seeds: { ranker: Ranker; test: Behind[]; runs: string[] }[] = [];
  for (const seed of seedsOf(session, session.preset.seeds)) {
    const own = { ...session, seed };
    const [training, test] = [await answersBehind(own, "validation"), await answersBehind(own, "test")];
    seeds.push({ ranker: rankerOf(training.value), test: test.value, runs: [training.run, test.run] });
  }
  const population = ({ question }: Behind): number => session.atlas.topic(question.topic).city!.population;
  const sorted = seeds[0]!.test.map(population).sort((a, b) => b - a);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  const isIn = (part: Part, row: Behind): boolean => part === "all" || (part === "head") === population(row) > middle;
  const arm = (part: Part, how: Retrieval): Arm => ({
    label: names[how],
    runs: seeds.flatMap(({ runs }) => runs),
    seeds: seeds.map(({ ranker, test }) => {
      const rows = test.filter((row) => isIn(part, row));
      return answerTotals(
        session.atlas,
        rows.map(({ question }) => question),
        rows.map((row) => answerBy(how, row, ranker)),
      );
    }),
  });
  const armsOf = (part: Part) =>
    Object.fromEntries(retrievals.map((how) => [how, arm(part, how)])) as Record<Retrieval, Arm>;
  return {
    arms: { all: armsOf("all"), head: armsOf("head"), tail: armsOf("tail") },
    ranker: seeds[0]!.ranker,
  };
}

export function retrievalTable(session: Session, { arms }: RetrievalArms): Table {
  const rows = parts.flatMap((part) =>
    retrievals.map((how) => ({ arm: { ...arms[part][how], label: `${part}: ${names[how]}` } })),
  );
  const caption =
    "A document before the answer, by how it is found: what follows it, all topics, head and tail (greedy)";
  return armTable(session, "13-retrieval", caption, rows);
}

/** What the ranker has learnt: weights of features in standard deviations; none has score 0. */
export function rankerTable({ ranker: { weights, bias }, arms }: RetrievalArms): Table {
  const features = ["nearness", "place by nearness", "facts the policy states too", "facts it does not contradict"];
  return {
    name: "13-ranker",
    caption: "Weights of the ranker (a standard deviation each; a document is put before the answer above 0)",
    columns: [
      { key: "feature", label: "Feature" },
      { key: "weight", label: "Weight", digits: 2 },
    ],
    rows: [
      ...features.map((feature, i) => ({ feature, weight: weights[i]! })),
      { feature: "any document", weight: bias },
    ],
    runs: arms.all.ranked.runs,
  };
}

export function retrievalComparisons({ arms: { all, tail } }: RetrievalArms): MethodComparison[] {
  const method = "Dynamic uncertainty ranking";
  const limits = "one document, linear scores of four features, rewards of exact verdicts; what follows it is judged";
  return [
    {
      method,
      text: "ranked > nearest",
      theirs: "+2.76 % over the best baseline (GPT-4, five sets; by its abstract)",
      higher: all.ranked,
      lower: all.near,
      limits,
    },
    {
      method,
      text: "ranked > no document, tail",
      theirs: "+5.96 % on questions that are wrong without (GPT-4; by its abstract)",
      higher: tail.ranked,
      lower: tail.none,
      limits,
    },
    {
      method,
      text: "nearest > random topic",
      theirs: "not in the paper",
      higher: all.near,
      lower: all.random,
      limits,
    },
    {
      method,
      text: "the topic's own document > ranked",
      theirs: "not in the paper: an upper bound",
      higher: all.oracle,
      lower: all.ranked,
      limits,
    },
  ];
}
