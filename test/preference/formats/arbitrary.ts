// Random pairs for the round trips: any text, any spans that the schema allows.
import fc from "fast-check";
import type { Sentence } from "../../../lib/factuality/records";
import { type PreferencePair, preferencePairSchema } from "../../../lib/preference/pair";
import type { Message } from "../../../lib/text/message";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("A. ", "\n\n", "[2] ", "Żółw. ", "👩‍🚀 ", "x"),
);
const verdict = fc.constantFrom("supported", "contradictory", "unverifiable", "no-fact");
const tokenIds = fc.option(fc.array(fc.nat(300), { maxLength: 4 }), { nil: undefined });

/** Sentences with text between them, before the first and after the last. */
const side = fc
  .tuple(
    fc.array(
      fc.tuple(
        text,
        text.filter((t) => t !== ""),
        verdict,
      ),
      { maxLength: 5 },
    ),
    text,
    tokenIds,
  )
  .map(([pieces, after, ids]) => {
    let completion = "";
    const sentences = pieces.map(([gap, sentence, verdict]): Sentence => {
      const start = completion.length + gap.length;
      completion += gap + sentence;
      return { start, end: completion.length, verdict };
    });
    return { completion: completion + after, sentences, ...(ids && { tokenIds: ids }) };
  });

/** Perhaps a system message, then user and assistant in turn, the user last: what every format takes. */
const prompt = fc
  .tuple(fc.boolean(), fc.array(text, { minLength: 1, maxLength: 4 }))
  .map(([system, texts]): Message[] => {
    const turns = texts.slice(0, texts.length - ((texts.length + 1) % 2));
    return [
      ...(system ? [{ role: "system" as const, content: "Be exact." }] : []),
      ...turns.map((content, i): Message => ({ role: i % 2 === 0 ? "user" : "assistant", content })),
    ];
  });

const score = fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x + 0); // JSON has no -0
export const pairs: fc.Arbitrary<PreferencePair> = fc
  .record({
    questionId: text.filter((t) => t !== ""),
    topic: fc.constantFrom("t", "ü"),
    prompt,
    chosen: side,
    rejected: side,
    scores: fc.record({ chosen: score, rejected: score }),
  })
  .map((pair) => preferencePairSchema.parse(pair));
