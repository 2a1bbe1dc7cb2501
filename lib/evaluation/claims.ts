/**
 * The paper's claims as differences that can come out either way, each with a plain verdict by one rule. Not in the
 * paper, which compares single numbers.
 */
import type { Rng } from "../base/rng";
import { armDifference, type Arm, type ArmDifference, type Score } from "./arm";

export const claimVerdicts = [
  "shown",
  "shown, smaller",
  "undecided",
  "undecided, smaller",
  "not shown",
  "too few topics",
  "not testable here",
] as const;
export type ClaimVerdict = (typeof claimVerdicts)[number];

export interface Claim {
  /** what should be larger than what */
  text: string;
  /** where the paper says so */
  source: string;
  /** the difference the paper prints, in points; null where it prints none */
  printed: number | null;
  here: ArmDifference;
}

/** A claim that is not measured yet: one arm scores higher than another. */
export interface Comparison extends Omit<Claim, "here"> {
  higher: Arm;
  lower: Arm;
  /** default: of sentences */
  score?: Score;
}

/** @param rng of the interval and the test @throws RangeError as `armDifference` */
export function measured({ higher, lower, score = "score", ...claim }: Comparison, rng: Rng): Claim {
  return { ...claim, here: armDifference(higher, lower, score, rng) };
}

/** Points below which a difference is taken for none. */
const smallestEffect = 1;

/** Topics below which nothing is claimed: an interval resamples what is there, and so few say too little of others. */
const fewestTopics = 10;

/** The rule of `verdictOf` in a sentence each, for captions. */
export const verdictRule =
  "Shown: the 95 % interval lies above 0 and no seed goes the other way. " +
  `Not shown: it lies below ${smallestEffect}. Undecided: neither. Smaller: all of it lies below the paper's number. ` +
  `Too few topics: fewer than ${fewestTopics}, or undecided where the interval reaches further to a side than the ` +
  "paper's number, which it could not tell from 0.";

/**
 * By `verdictRule`.
 * @param here null where it cannot be measured here
 * @param printed the paper's difference, where it prints one
 */
export function verdictOf(here: ArmDifference | null, printed: number | null = null): ClaimVerdict {
  if (!here) return "not testable here";
  const { low, high, perSeed, topics } = here;
  if (topics < fewestTopics || Number.isNaN(high - low)) return "too few topics";
  const isSmaller = printed !== null && high < printed;
  if (low > 0 && perSeed.every((value) => value > 0)) return isSmaller ? "shown, smaller" : "shown";
  if (high < smallestEffect) return "not shown";
  if (printed !== null && (high - low) / 2 > Math.abs(printed)) return "too few topics";
  return isSmaller ? "undecided, smaller" : "undecided";
}

/** A verdict as tables have it: with how many topics are too few, where that is known. */
export function verdictText(verdict: ClaimVerdict, topics?: number): string {
  return verdict === "too few topics" && topics !== undefined ? `${verdict} (${topics})` : verdict;
}

/** The same of a difference. */
export function verdictTextOf(here: ArmDifference | null, printed?: number | null): string {
  return verdictText(verdictOf(here, printed), here?.topics);
}
