/** `mask-dpo annotate` with an annotator of this process: a verdict for every sentence of every candidate. */
import { writeJsonl } from "../base/jsonl";
import { startProgress } from "../base/progress";
import { annotateCandidates } from "../factuality/annotator";
import type { AnnotatedCandidate } from "../factuality/records";
import { loadAtlas } from "../world/atlas";
import { atlasAnnotator } from "../world/oracle";
import { questionsOf } from "../world/questionFile";
import { readRows } from "./rows";

export interface AnnotateRequest {
  candidates: string;
  questions?: string;
  out: string;
}

/** Annotates every sentence of every candidate. @param annotator default: Atlas's oracle */
export async function annotateVerb(
  request: AnnotateRequest,
  annotator = atlasAnnotator(loadAtlas()),
): Promise<AnnotatedCandidate[]> {
  const candidates = readRows("candidate", request.candidates);
  const progress = startProgress("annotate", candidates.length);
  try {
    const annotated = await annotateCandidates(candidates, questionsOf(request.questions), annotator, (done) =>
      progress.update(done),
    );
    writeJsonl(request.out, annotated);
    return annotated;
  } finally {
    progress.stop();
  }
}
