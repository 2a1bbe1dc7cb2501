/** Best of N of the base and of Mask-DPO, as Table 6. */
import { seedsOf } from "../session";
import { runsOf, type Traced } from "../../show/provenance";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import type { ProseArm } from "./arms";
import { proseAnswers } from "./evaluate";
import type { ProseStudy } from "./study";

export interface ProseBestOf extends Traced {
  questions: Question[];
  base: AnnotatedCandidate[];
  maskDpo: AnnotatedCandidate[];
}

/** As many answers as the largest N to some test questions, of the first seed. */
export async function sampleProseBestOf(
  study: ProseStudy,
  arms: { base: ProseArm; maskDpo: ProseArm },
): Promise<ProseBestOf> {
  const { size, session, questions } = study;
  const asked = questions.test.slice(0, size.bestOfTopics);
  const own = { ...study, session: { ...session, seed: seedsOf(session, 1)[0]! } };
  const answers = (arm: ProseArm) => proseAnswers(own, arm.policies[0]!, asked, "sampled", size.bestOf);
  const [base, maskDpo] = [await answers(arms.base), await answers(arms.maskDpo)];
  return { questions: base.questions, base: base.answers, maskDpo: maskDpo.answers, runs: runsOf(base, maskDpo) };
}
