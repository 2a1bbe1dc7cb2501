/**
 * The prompt's token ids: what the policy is conditioned on (x in Eq. 1-6). Tokenised once, whole; the
 * completion is tokenised apart and appended, which is the boundary that generation had.
 */
import { UserError } from "../base/check";
import { renderChat } from "./chat";
import type { Message } from "./message";
import type { Encoding, Tokenizer } from "./tokenizer";

/** What is needed of a tokenizer. */
export type PromptTokenizer = Pick<Tokenizer, "dir" | "chatTemplate" | "specialTokens" | "opening" | "encode">;

/** With a chat template: the messages rendered with the generation prompt. Without: their contents, a line each. */
export function renderPrompt(tokenizer: PromptTokenizer, messages: readonly Message[]): string {
  if (tokenizer.chatTemplate !== undefined) return renderChat(tokenizer, messages);
  return `${messages.map(({ content }) => content).join("\n")}\n`;
}

/**
 * A prompt's text as tokens. A chat template spells out the special tokens it wants; without one come first those that
 * the tokenizer itself puts before a text (BOS, where its post-processor says so; a bos_token that is only named is not
 * added, as in transformers). Offsets count in `text`, of which these cover nothing.
 * @throws UserError for a prompt of no token, behind which nothing can be written
 */
export function encodeOpened(tokenizer: PromptTokenizer, text: string): Encoding {
  const { ids, starts, ends } = tokenizer.encode(text);
  const opening = tokenizer.chatTemplate === undefined ? tokenizer.opening : [];
  const none = opening.map(() => 0);
  if (opening.length + ids.length === 0)
    throw new UserError({
      where: tokenizer.dir,
      expected: "a prompt of at least one token",
      got: "an empty text from the chat template",
      fix: "Check the template against the roles of the messages.",
    });
  return { ids: [...opening, ...ids], starts: [...none, ...starts], ends: [...none, ...ends] };
}

/** The rendered messages as tokens. @throws UserError as `renderChat` and `encodeOpened` */
export function encodePrompt(tokenizer: PromptTokenizer, messages: readonly Message[]): Encoding & { text: string } {
  const text = renderPrompt(tokenizer, messages);
  return { text, ...encodeOpened(tokenizer, text) };
}

/** The ids alone. */
export function promptIds(tokenizer: PromptTokenizer, messages: readonly Message[]): number[] {
  return encodePrompt(tokenizer, messages).ids;
}
