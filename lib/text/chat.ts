/** Chat templates: the Jinja text a model was trained with, rendered as transformers' apply_chat_template does. */
import type { Message } from "./message";
import { Template } from "./jinja";
import { UserError } from "../base/check";
import { notice } from "../base/notice";
import { strftime } from "./strftime";
import type { Tokenizer } from "./tokenizer";

/** The only date that templates see: that of test/golden/chat. */
const templateDate = new Date(Date.UTC(2025, 2, 4, 12, 30));

const compiled = new Map<string, Template>();

/**
 * Renders the messages, by default up to where the assistant speaks (add_generation_prompt).
 * The text holds the special tokens, spelled out; it is tokenised without adding any.
 * A template that asks for today's date (`strftime_now`) gets the same one on every day, and a user hears of it: what
 * is kept and repeated must not hang on the day it was begun.
 * @throws UserError when the tokenizer has no template, or the template is not valid or refuses the messages
 */
export function renderChat(
  tokenizer: Pick<Tokenizer, "dir" | "chatTemplate" | "specialTokens">,
  messages: readonly Message[],
  addGenerationPrompt = true,
): string {
  const source = tokenizer.chatTemplate;
  if (source === undefined) {
    throw new UserError({
      where: tokenizer.dir,
      expected: "a chat template",
      got: "none in tokenizer_config.json or chat_template.jinja",
      fix: "Use promptIds, which also knows models without one.",
    });
  }
  try {
    let template = compiled.get(source);
    if (!template) compiled.set(source, (template = new Template(source)));
    return template.render({
      ...tokenizer.specialTokens,
      messages: messages.map(({ role, content }) => ({ role, content })),
      tools: null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
      strftime_now(format: string): string {
        notice(
          `${tokenizer.dir}: the chat template asks for the date, and is told 4 March 2025 on every day, so that ` +
            "results can be repeated; another can be written into the template",
        );
        return strftime(templateDate, format);
      },
    });
  } catch (error) {
    throw new UserError({
      where: tokenizer.dir,
      expected: "a chat template that renders these messages",
      got: (error as Error).message,
      fix: "Check the roles and their order against the model's template.",
    });
  }
}
