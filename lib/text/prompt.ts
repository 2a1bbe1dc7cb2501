/**
 * The prompt's token ids: what the policy is conditioned on (x in Eq. 1-6). Tokenised once, whole; the
 * completion is tokenised apart and appended, which is the boundary that generation had.
 */
import { renderChat } from "./chat";
import type { Message } from "./message";
import type { Encoding, Tokenizer } from "./tokenizer";

/**
 * With a chat template: the rendered messages with the generation prompt. Without: BOS where the tokenizer
 * defines one, the message contents joined by newlines, one newline. Offsets count in `text`; that BOS covers none of
 * it.
 */
export function encodePrompt(tokenizer: Tokenizer, messages: readonly Message[]): Encoding & { text: string } {
  const chat = tokenizer.chatTemplate !== undefined;
  const text = chat ? renderChat(tokenizer, messages) : `${messages.map(({ content }) => content).join("\n")}\n`;
  const { ids, starts, ends } = tokenizer.encode(text);
  if (chat || tokenizer.bosId === undefined) return { text, ids, starts, ends };
  return { text, ids: [tokenizer.bosId, ...ids], starts: [0, ...starts], ends: [0, ...ends] };
}

/** The ids alone. */
export function promptIds(tokenizer: Tokenizer, messages: readonly Message[]): number[] {
  return encodePrompt(tokenizer, messages).ids;
}
