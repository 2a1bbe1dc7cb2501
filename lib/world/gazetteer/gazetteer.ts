/**
 * The annotator of free text on Atlas's cities: what a sentence states of places, against Atlas's facts and the lists
 * in this folder. Verdicts as the paper's annotator gives them (§2.2, ANAH-v2):
 *
 * contradictory: a statement is wrong. unverifiable: none is, but one cannot be checked, and as in the paper that is a
 * hallucination. supported: all statements are right. no-fact: the sentence states nothing (praise, grammar).
 *
 * What is stated of another place is judged by that place ("Madrid is the capital of Spain" is right wherever it
 * stands); "the country" without a name is the topic's. How well it reads is measured on sentences labelled by people
 * (data/prose).
 */
import type { Annotator } from "../../factuality/annotator";
import type { Question, Sentence as Judged, Verdict } from "../../factuality/records";
import { splitSentences } from "../../text/sentence";
import type { Atlas } from "../atlas";
import { Book, type Rule } from "./book";
import { areas, coordinates, populations, ranks } from "./figureRules";
import { coasts, demonyms, kinds } from "./kindRules";
import { lexiconOf, type Lexicon } from "./lexicon";
import { borders, capitals, languages, money } from "./nationRules";
import { continents, countries, parts, regions, towns, waters } from "./placeRules";
import { Reader, type Sentence } from "./sentence";
import { announces, isSilent } from "./silent";

export interface ReadSentence extends Judged {
  /** statements found right, wrong, and beyond the facts */
  claims: Readonly<Record<"right" | "wrong" | "unknown", number>>;
}

/** Reads completions about Atlas's topics; make it once. @throws UserError for a topic that is not Atlas's */
export function gazetteer(atlas: Atlas): (question: Question, completion: string) => ReadSentence[] {
  const lexicon = lexiconOf(atlas);
  const rules = rulesOf(lexicon);
  return (question, completion) => {
    const reader = new Reader(lexicon, atlas.topic(question.topic));
    return splitSentences(completion).map((span) => {
      const claims = claimsOf(reader.read(completion, span), rules);
      return { start: span.start, end: span.end, verdict: verdictOf(claims), claims };
    });
  };
}

/** In this order: what a rule has taken account of, later ones leave alone. */
function rulesOf(lexicon: Lexicon): Rule[] {
  return [
    ...[kinds, capitals, money, languages, borders, ranks(lexicon), populations, areas, coordinates],
    ...[demonyms, parts, waters, regions, continents, countries, towns, coasts],
  ];
}

function claimsOf(sentence: Sentence, rules: readonly Rule[]): ReadSentence["claims"] {
  const book = new Book(sentence);
  for (const clause of sentence.clauses) for (const rule of rules) rule(book, clause);
  const found = { right: 0, wrong: 0, unknown: 0 };
  for (const truth of book.claims) found[truth]++;
  if (isOpen(book)) found.unknown++;
  return found;
}

/** Whether words are left that say something. */
function isOpen(book: Book): boolean {
  return book.tokens.some(({ lower, readings }, i) => {
    if (book.isTold(i) || readings.length > 0) return false;
    return !isSilent(lower) || announces(lower);
  });
}

function verdictOf({ right, wrong, unknown }: ReadSentence["claims"]): Verdict {
  if (wrong > 0) return "contradictory";
  if (unknown > 0) return "unverifiable";
  return right > 0 ? "supported" : "no-fact";
}

/** The same as rows carry its verdicts. */
export function gazetteerAnnotator(atlas: Atlas): Annotator {
  const read = gazetteer(atlas);
  return {
    name: "Atlas gazetteer",
    annotate: (question, completion) =>
      read(question, completion).map(({ start, end, verdict }) => ({ start, end, verdict })),
  };
}
