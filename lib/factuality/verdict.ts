/**
 * What a sentence's verdict means (§2.2, Eq. 4): a_i = 0 when the sentence has no hallucination, 1 when it has.
 * Score, preference pairs and masks all go by this one rule.
 */
import type { Verdict } from "./records";

/**
 * a_i of Eq. 4: contradictory and unverifiable sentences are hallucinations, supported and no-fact ones are not
 * (ANAH-v2 counts so too).
 */
export function isHallucination(verdict: Verdict): boolean {
  return verdict === "contradictory" || verdict === "unverifiable";
}

/** For tables and for the mask inspector, where a letter must tell verdicts apart without colour. */
export const verdictLabels: Readonly<Record<Verdict, { letter: string; label: string }>> = {
  supported: { letter: "S", label: "supported" },
  contradictory: { letter: "C", label: "contradictory" },
  unverifiable: { letter: "U", label: "unverifiable" },
  "no-fact": { letter: "N", label: "no fact" },
};
