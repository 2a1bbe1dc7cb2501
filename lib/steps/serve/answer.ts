/** OpenAI's forms of completions: whole, or as events while they are written. */
import { randomUUID } from "node:crypto";
import type { Asked, Choice } from "./complete";

/** What differs between `/chat/completions` and `/completions`. */
interface Form {
  id: string;
  /** `object` of a whole answer and of an event. */
  whole: string;
  event: string;
  /** A choice's text, whole; a piece of it; what an answer begins and ends with. */
  text: (text: string) => object;
  piece: (text: string) => object;
  first?: object;
  last: object;
}

export const chatForm: Form = {
  id: "chatcmpl",
  whole: "chat.completion",
  event: "chat.completion.chunk",
  text: (content) => ({ message: { role: "assistant", content } }),
  piece: (content) => ({ delta: { content } }),
  first: { delta: { role: "assistant", content: "" } },
  last: { delta: {} },
};

export const textForm: Form = {
  id: "cmpl",
  whole: "text_completion",
  event: "text_completion",
  text: (text) => ({ text }),
  piece: (text) => ({ text }),
  last: { text: "" },
};

/** One answer to one request. */
export class Answer {
  private readonly id: string;
  private readonly created = Math.floor(Date.now() / 1000);

  constructor(
    private readonly form: Form,
    private readonly model: string,
  ) {
    this.id = `${form.id}-${randomUUID()}`;
  }

  whole(asked: Asked, choices: readonly Choice[]): object {
    return this.of(this.form.whole, {
      choices: choices.map(({ text, finish }, index) => choiceOf(index, this.form.text(text), finish)),
      usage: usageOf(asked, choices),
    });
  }

  /** Before the first piece. */
  begin(asked: Asked): object[] {
    const { first } = this.form;
    return first ? asked.prompts.flatMap((_, p) => each(asked.n, (i) => this.event(p * asked.n + i, first))) : [];
  }

  piece(choice: number, text: string): object {
    return this.event(choice, this.form.piece(text));
  }

  /** After the last piece. */
  end(asked: Asked, choices: readonly Choice[], includeUsage: boolean): object[] {
    const ends = choices.map(({ finish }, index) => this.event(index, this.form.last, finish));
    const usage = { choices: [], usage: usageOf(asked, choices) };
    return includeUsage ? [...ends, this.of(this.form.event, usage)] : ends;
  }

  private event(choice: number, part: object, finish: Choice["finish"] | null = null): object {
    return this.of(this.form.event, { choices: [choiceOf(choice, part, finish)] });
  }

  private of(object: string, rest: object): object {
    return { id: this.id, object, created: this.created, model: this.model, ...rest };
  }
}

const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

function choiceOf(index: number, part: object, finish: Choice["finish"] | null): object {
  return { index, ...part, logprobs: null, finish_reason: finish };
}

/** As OpenAI counts: every prompt once, however often it is answered. */
function usageOf({ prompts }: Asked, choices: readonly Choice[]): object {
  const prompt = prompts.reduce((sum, { length }) => sum + length, 0);
  const completion = choices.reduce((sum, { tokens }) => sum + tokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** `/embeddings`, as numbers or, as OpenAI's own client asks for them, as the bytes of 32-bit floats. */
export function embeddingAnswer(
  model: string,
  vectors: readonly Float32Array[],
  encoding: "float" | "base64",
  tokens: number,
): object {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding === "base64" ? bytes(vector).toString("base64") : [...vector],
  }));
  return { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}
