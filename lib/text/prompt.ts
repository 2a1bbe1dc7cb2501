/**
 * The prompt's token ids: what the policy is conditioned on (x in Eq. 1-6). Tokenised once, whole; the
 * completion is tokenised apart and appended, which is the boundary that generation had.
 */
import { type ChatMessage, renderChat } from "./chat";
import type { Tokenizer } from "./tokenizer";

/**
 * With a chat template: the rendered messages with the generation prompt. Without: BOS where the tokenizer
 * defines one, the message contents joined by newlines, one newline.
 */
export function promptIds(tokenizer: Tokenizer, messages: readonly ChatMessage[]): number[] {
  if (tokenizer.chatTemplate !== undefined) return tokenizer.encode(renderChat(tokenizer, messages)).ids;
  const text = `${messages.map(({ content }) => content).join("\n")}\n`;
  const { ids } = tokenizer.encode(text);
  return tokenizer.bosId === undefined ? ids : [tokenizer.bosId, ...ids];
}
