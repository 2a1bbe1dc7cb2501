/**
 * A completion that came without its token ids (a server's, another project's), as the tokens a policy would write
 * behind the prompt. The chat template says what stands between the two: it renders the answer as a turn, and what that
 * has in common with the prompt is the prompt, as in TRL. Llama 2's puts a space there, Qwen3's an empty thought; R1's
 * opens a thought that no such answer closes, so for these the prompt ends before it.
 */
import { UserError } from "../base/check";
import { renderChat } from "./chat";
import type { Message } from "./message";
import { encodeOpened, renderPrompt, type PromptTokenizer } from "./prompt";
import { answerStart, opensThought } from "./thought";
import type { Encoding, Tokenizer } from "./tokenizer";

/** What is needed of a tokenizer. */
export type AnswerTokenizer = PromptTokenizer & Pick<Tokenizer, "encodeAfter">;

interface Boundary {
  /** What generation is given. */
  prompt: string;
  /** Of that, what the template puts before an answer that is only said; and what it puts between the two. */
  before: string;
  between: string;
}

/** Tokens of a completion; offsets count in it. `promptIds` where the prompt is not the one of generation. */
export interface EncodedAnswer extends Encoding {
  promptIds?: number[];
}

/** @throws UserError as `encodePrompt` */
export function encodeAnswer(
  tokenizer: AnswerTokenizer,
  messages: readonly Message[],
  completion: string,
): EncodedAnswer {
  const boundary = knownBoundary(tokenizer, messages);
  const prompt = boundary?.prompt ?? renderPrompt(tokenizer, messages);
  // a template that shows no such turn: pieces begin with a space where the prompt's last word would run into them
  if (!boundary) return /\S$/.test(prompt) ? tokenizer.encode(completion) : tokenizer.encodeAfter(prompt, completion);
  const goesOn = answerStart(completion) > 0 && !opensThought(completion); // with the thought the prompt has opened
  const before = goesOn ? prompt : boundary.before;
  const between = goesOn ? "" : betweenOf(boundary, completion);
  const { ids, starts, ends } = tokenizer.encodeAfter(before, between + completion);
  const own = (offsets: number[]) => offsets.map((at) => Math.max(0, at - between.length));
  return {
    ids,
    starts: own(starts),
    ends: own(ends),
    ...(before !== prompt && { promptIds: encodeOpened(tokenizer, before).ids }),
  };
}

/** Not what the completion has itself: the space, or a thought. */
function betweenOf({ between }: Boundary, completion: string): string {
  if (/\S/.test(between)) return opensThought(completion) ? "" : between;
  return completion.startsWith(between) ? "" : between;
}

/** Both sides of a pair stand behind one prompt, and rendering it is what takes time. */
const known = new WeakMap<readonly Message[], { tokenizer: AnswerTokenizer; boundary: Boundary | undefined }>();

function knownBoundary(tokenizer: AnswerTokenizer, messages: readonly Message[]): Boundary | undefined {
  let entry = known.get(messages);
  if (entry?.tokenizer !== tokenizer)
    known.set(messages, (entry = { tokenizer, boundary: boundaryOf(tokenizer, messages) }));
  return entry.boundary;
}

/** Stands for an answer when a template is asked where it puts one. */
const probe = "answer-9d27158";

/** undefined where the template shows no answer behind this prompt. */
function boundaryOf(tokenizer: AnswerTokenizer, messages: readonly Message[]): Boundary | undefined {
  const prompt = renderPrompt(tokenizer, messages);
  if (tokenizer.chatTemplate === undefined) return { prompt, before: prompt, between: "" };
  const rendered = (role: Message["role"]) => renderChat(tokenizer, [...messages, { role, content: probe }], false);
  try {
    const turn = rendered("assistant");
    const at = turn.lastIndexOf(probe);
    if (at < 0) return undefined;
    let shared = 0;
    while (shared < at && shared < prompt.length && prompt[shared] === turn[shared]) shared++;
    if (shared < prompt.length && shared < renderChat(tokenizer, messages, false).length) return undefined;
    const between = turn.slice(shared, at);
    if (/\S/.test(between) && rendered("user") === turn) return undefined; // it does not know who speaks
    return { prompt, before: prompt.slice(0, shared), between };
  } catch (error) {
    if (error instanceof UserError) return undefined; // it refuses such a turn
    throw error;
  }
}
