/** Notebook 13: methods at inference, together. */
import { Rng } from "../../base/rng";
import type { MethodClaim } from "../../evaluation/methodClaims";
import type { Session } from "../../lab/session";
import { extractionComparisons, type ExtractionArms } from "./memorisation";
import { retrievalComparisons, type RetrievalArms } from "./retrieval";
import { searchComparisons, type SearchArms } from "./search";
import { measuredMethod } from "./staged";

/** What their papers claim, measured; and what a policy of this size cannot try. */
export function inferenceClaims(
  { seed }: Session,
  found: { search: SearchArms; retrieval: RetrievalArms; extraction: ExtractionArms },
): MethodClaim[] {
  const rng = new Rng(seed).fork("inference");
  const measured = [
    ...searchComparisons(found.search),
    ...retrievalComparisons(found.retrieval),
    ...extractionComparisons(found.extraction),
  ].map((comparison) => measuredMethod(comparison, rng));
  return [
    {
      method: "Test-time preference optimisation",
      text: "critiques of best and worst > best of as many",
      theirs: "an unaligned Llama 3.1 70B passes its aligned one after a few rounds (by its abstract)",
      here: null,
      limits: "a policy of 1M parameters reads no critique; `mask-dpo tpo` runs the method on a server",
    },
    ...measured,
  ];
}
