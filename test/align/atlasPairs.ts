// Pairs about Atlas's topics that no model had to sample: true answers with a few facts of another topic put in.
import { annotateCandidates } from "../../lib/factuality/annotator";
import type { Candidate } from "../../lib/factuality/records";
import { Rng } from "../../lib/base/rng";
import { buildPairs, type PreferencePair } from "../../lib/preference/pair";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasAnnotator } from "../../lib/world/oracle";
import { kindOf } from "../../lib/world/question";
import { renderAnswer } from "../../lib/world/render";

/** Up to `count` pairs, mixed on both sides. */
export async function atlasPairs(count: number): Promise<PreferencePair[]> {
  const atlas = loadAtlas();
  const rng = new Rng("atlas pairs");
  const questions = rng.shuffle(atlas.splits.train).slice(0, Math.ceil(1.2 * count));
  const candidates = questions.flatMap((question, i): Candidate[] => {
    const stranger = questions
      .slice(i + 1)
      .concat(questions)
      .find((other) => kindOf(other) === kindOf(question) && other.topic !== question.topic)!;
    const sentencesOf = (topic: string) => renderAnswer(atlas.topic(topic), kindOf(question), rng).split(/(?<=\.) /);
    return [1, 4].map((wrong, index) => {
      const own = sentencesOf(question.topic).slice(0, 6);
      const foreign = sentencesOf(stranger.topic).slice(0, wrong);
      return {
        questionId: question.id,
        index,
        completion: rng.shuffle([...own.slice(wrong), ...foreign]).join(" "),
        seed: 0,
      };
    });
  });
  return buildPairs(await annotateCandidates(candidates, questions, atlasAnnotator(atlas)), questions, {
    seed: 1,
  }).pairs.slice(0, count);
}
