/** All warnings of a report, in the order in which they are given. */
import { cutAnswers } from "./cutAnswers";
import { fewTopics } from "./fewTopics";
import { hardlyMoved } from "./hardlyMoved";
import { judges } from "./judges";
import { looping } from "./looping";
import { noFacts } from "./noFacts";
import { oneVerdict } from "./oneVerdict";
import { otherPairs } from "./otherPairs";
import { repeated } from "./repeated";
import { silent } from "./silent";
import { trainedTopics } from "./trainedTopics";
import type { Material, Warning } from "./warning";

const warnings: readonly Warning[] = [
  judges,
  oneVerdict,
  trainedTopics,
  otherPairs,
  hardlyMoved,
  fewTopics,
  noFacts,
  cutAnswers,
  silent,
  repeated,
  looping,
];

export const warningsOf = (material: Material): string[] => warnings.flatMap((warning) => warning(material));
