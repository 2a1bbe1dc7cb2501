/**
 * The paper's claims as differences that can come out either way, each with a plain verdict by one rule. Not in the
 * paper, which compares single numbers.
 */
import type { Rng } from "../base/rng";
import { armDifference, type Arm, type ArmDifference, type Score } from "./arm";

export const claimVerdicts = ["holds", "does not hold here", "undecided"] as const;
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
export const smallestEffect = 1;

/**
 * holds: the interval lies above 0 and no seed goes the other way. does not hold here: the interval lies below
 * `smallestEffect`. undecided: anything else, or no interval.
 */
export function verdictOf({ low, high, perSeed }: ArmDifference): ClaimVerdict {
  if (low > 0 && perSeed.every((value) => value > 0)) return "holds";
  return high < smallestEffect ? "does not hold here" : "undecided";
}
