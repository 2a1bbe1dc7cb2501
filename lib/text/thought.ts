/** What models that reason write before they answer: a thought between marks, or up to the mark that closes one. */

/** Marks as the families write them: Qwen3, DeepSeek-R1 and most others; Granite; Magistral; Kimi; Seed; gpt-oss. */
const marks: readonly (readonly [open: string, close: string])[] = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>"],
  ["<reasoning>", "</reasoning>"],
  ["[THINK]", "[/THINK]"],
  ["◁think▷", "◁/think▷"],
  ["<seed:think>", "</seed:think>"],
  ["<|channel|>analysis<|message|>", "<|channel|>final<|message|>"],
];

/** Whether a text begins with a thought. */
export function opensThought(text: string): boolean {
  const visible = text.trimStart();
  return marks.some(([open]) => visible.startsWith(open));
}

/**
 * Where what is said begins: 0 without a thought, behind the last mark that closes one, and the end of the text where a
 * thought that it begins with is not closed.
 */
export function answerStart(text: string): number {
  const closed = marks.reduce((end, [, close]) => {
    const at = text.lastIndexOf(close);
    return at < 0 ? end : Math.max(end, at + close.length);
  }, 0);
  return opensThought(text.slice(closed)) ? text.length : closed;
}

/** What is said, without the thought before it; empty where that is all there is. */
export function withoutThought(text: string): string {
  const start = answerStart(text);
  return start === 0 ? text : text.slice(start).trimStart();
}
