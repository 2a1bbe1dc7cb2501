/** `mask-dpo power`: what a comparison needs, from annotated answers of a pilot. */
import path from "node:path";
import { UserError } from "../base/check";
import {
  falseAlarms,
  pilotOf,
  pilotOfOne,
  powerOf,
  smallestFound,
  standardErrors,
  topicsNeeded,
  varies,
  type Pilot,
} from "../evaluation/power";
import type { Table } from "../show/table";
import { questionsOf } from "../world/questionFile";
import { answered } from "./evaluate";
import { checkEach, readAnswers } from "./report/answers";

export interface PowerRequest {
  /** annotated answers of the policy that should be better, a file a training seed */
  answers: readonly string[];
  /** of the one it is set against, in the same order; none: of a policy like it */
  against: readonly string[];
  questions?: string;
  /** points that should be found, and with which probability */
  effect: number;
  power: number;
}

/** @throws UserError naming the file or flag that does not fit */
export function powerVerb(request: PowerRequest): Table[] {
  const { against, effect, power } = request;
  const pilot = readPilot(request);
  const paired = against.length > 0;
  checkVaries(pilot, paired);
  return [pilotTable(pilot, paired), neededTable(pilot, effect / 100, power), smallestTable(pilot, paired, power)];
}

function readPilot({ answers, against, questions: file }: PowerRequest): Pilot {
  const questions = file ? questionsOf(file) : answered(answers[0]!).questions; // of Atlas those that it answers
  const read = (files: readonly string[]) =>
    files.map((name) => readAnswers({ name: path.basename(name), file: name }, questions, file ?? "Atlas"));
  const [higher, lower] = [read(answers), read(against)];
  checkEach("--answers and --against", [...higher, ...lower]);
  const topics = new Set(questions.map(({ topic }) => topic)).size;
  if (topics < 2)
    throw new UserError({
      where: file ?? "--questions",
      expected: "questions about two topics at least",
      got: String(topics),
      fix: "Topics are what differs: ask about more of them.",
    });
  if (lower.length === 0) return ofOne(higher, questions);
  if (lower.length !== higher.length)
    throw new UserError({
      where: "--against",
      expected: `as many files as --answers (${higher.length}), a training seed each`,
      got: String(lower.length),
      fix: "Repeat the file of a policy that was not trained.",
    });
  if (higher.every(({ sha256 }, i) => sha256 === lower[i]!.sha256))
    throw new UserError({
      where: "--against",
      expected: "answers of another policy",
      got: "the same answers as in --answers",
      fix: "Leave --against out to plan from one policy, or give the answers of the one it is set against.",
    });
  return pilotOf(
    higher.map(({ answers }, i) => ({ higher: answers, lower: lower[i]!.answers })),
    questions,
  );
}

function checkVaries(pilot: Pilot, paired: boolean): void {
  if (varies(pilot)) return;
  const { topics, difference } = pilot;
  throw new UserError({
    where: paired ? "--answers and --against" : "--answers",
    expected: "scores that vary from topic to topic or from answer to answer",
    got: paired
      ? `the same difference, ${points(difference).toFixed(2)} points, in each of ${topics} topics`
      : `answers that are right to the same share, whichever of ${topics} topics they are about`,
    fix: "A pilot without spread cannot tell how many topics it takes: ask about more and other topics.",
  });
}

function ofOne(files: ReturnType<typeof readAnswers>[], questions: ReturnType<typeof questionsOf>): Pilot {
  const [only, ...more] = files;
  if (!only || more.length > 0)
    throw new UserError({
      where: "--answers",
      expected: "one file, or as many in --against",
      got: `${files.length}`,
      fix: "Give the files of the policy it is set against.",
    });
  if (only.each < 2)
    throw new UserError({
      where: only.file,
      expected: "several answers to a question, which say how much answers vary",
      got: "one",
      fix: "Sample two at least, or give a second policy with --against.",
    });
  return pilotOfOne(only.answers, questions);
}

const points = (fraction: number): number => 100 * fraction;

function pilotTable(pilot: Pilot, paired: boolean): Table {
  const { topics, seeds, k, difference, components } = pilot;
  const { overTopics, all } = standardErrors(components, pilot);
  const deviation = (name: string, variance: number | null, note = "") => ({
    what: `standard deviation by ${name}${note}`,
    value: variance === null ? null : points(Math.sqrt(variance)),
  });
  const unknown = seeds === 1 ? ", which one seed cannot tell: taken for 0" : "";
  const rows = [
    { what: "topics, seeds, answers to a question", value: `${topics}, ${seeds}, ${k}` },
    ...(paired ? [{ what: "difference (points)", value: points(difference) }] : []),
    { what: "standard error over topics", value: points(overTopics) },
    { what: "standard error with seeds", value: points(all) },
    deviation("topic", components.topic, paired ? "" : ", which one policy cannot tell: taken for 0"),
    deviation("training seed", components.seed, unknown),
    deviation("topic and seed", components.interaction, seeds === 1 ? ", part of that by topic" : ""),
    deviation("answer", components.answer, components.answer === null ? ", part of the others: one answer each" : ""),
  ];
  const caption = paired
    ? "The pilot: how much a difference of scores varies (points)"
    : "The pilot of one policy: how much the difference of two like it would vary, if all topics gained alike (points)";
  return {
    name: "power-pilot",
    caption,
    columns: [
      { key: "what", label: "" },
      { key: "value", label: "Pilot", digits: 2, align: "right" },
    ],
    rows,
  };
}

const seedCounts = [1, 2, 3, 5, 10] as const;
const answerCounts = [1, 2, 4, 8, 16, 32] as const;

/** Answers that can be planned with: one where more of the same were not tried. */
const plannedAnswers = ({ components: { answer }, k }: Pilot): readonly number[] =>
  answer === null ? [k] : answerCounts;

function neededTable(pilot: Pilot, effect: number, power: number): Table {
  const { components } = pilot;
  return {
    name: "power-topics",
    caption:
      `Topics at which ${points(effect)} point${effect === 0.01 ? " is" : "s are"} found with probability ${power} ` +
      "(the 95 % interval over topics lies above 0); – where a million are not enough",
    columns: [
      { key: "k", label: "Answers to a question", digits: 0 },
      ...seedCounts.map((seeds) => ({ key: `s${seeds}`, label: `${seeds} seed${seeds > 1 ? "s" : ""}`, digits: 0 })),
    ],
    rows: plannedAnswers(pilot).map((k) => ({
      k,
      ...Object.fromEntries(
        seedCounts.map((seeds) => [`s${seeds}`, topicsNeeded(components, { seeds, k }, effect, power)]),
      ),
    })),
  };
}

const noGain = "The pilot's own difference is not above 0: there is no gain of that size to find.";

function smallestTable(pilot: Pilot, paired: boolean, power: number): Table {
  const { components, topics, difference } = pilot;
  const caption = `The smallest effect that the pilot's ${topics} topics find with probability ${power}`;
  return {
    name: "power-effect",
    caption: paired && difference <= 0 ? `${caption}. ${noGain}` : caption,
    columns: [
      { key: "k", label: "Answers to a question", digits: 0 },
      { key: "seeds", label: "Seeds", digits: 0 },
      { key: "effect", label: "Smallest effect (points)", digits: 2 },
      ...(difference > 0 ? [{ key: "own", label: "Probability at the pilot's difference (%)" }] : []),
      { key: "false", label: "False alarms without an effect (%)" },
    ],
    rows: plannedAnswers(pilot).flatMap((k) =>
      [...new Set([1, pilot.seeds, 5])]
        .sort((a, b) => a - b)
        .map((seeds) => {
          const design = { topics, seeds, k };
          return {
            k,
            seeds,
            effect: points(smallestFound(components, design, power)),
            ...(difference > 0 && { own: points(powerOf(components, design, difference)) }),
            false: points(falseAlarms(components, design)),
          };
        }),
    ),
  };
}
