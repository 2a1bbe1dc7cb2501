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
  claims: Claims;
  /** rules that found one, by name: what kinds of things are said */
  kinds: readonly string[];
  /** countries that the topic is put into, though it lies in another */
  wrongCountries: readonly string[];
}

type Claims = Readonly<Record<"right" | "wrong" | "unknown", number>>;

/** Reads completions about Atlas's topics; make it once. @throws UserError for a topic that is not Atlas's */
export function gazetteer(atlas: Atlas): (question: Question, completion: string) => ReadSentence[] {
  const lexicon = lexiconOf(atlas);
  const rules = rulesOf(lexicon);
  return (question, completion) => {
    const topic = atlas.topic(question.topic);
    const reader = new Reader(lexicon, topic);
    return splitSentences(completion).map((span) => {
      const { claims, kinds, misplaced } = claimsOf(reader.read(completion, span), rules);
      const wrongCountries = misplaced.flatMap(({ town, country }) => (town.row === topic.city ? [country] : []));
      return { start: span.start, end: span.end, verdict: verdictOf(claims), claims, kinds, wrongCountries };
    });
  };
}

/** In this order: what a rule has taken account of, later ones leave alone. */
function rulesOf(lexicon: Lexicon): [name: string, rule: Rule][] {
  const first = { kinds, capitals, money, languages, borders, ranks: ranks(lexicon), populations, areas, coordinates };
  return Object.entries({ ...first, demonyms, parts, waters, regions, continents, countries, towns, coasts });
}

function claimsOf(
  sentence: Sentence,
  rules: readonly (readonly [name: string, rule: Rule])[],
): Pick<ReadSentence, "claims" | "kinds"> & Pick<Book, "misplaced"> {
  const book = new Book(sentence);
  const kinds = new Set<string>();
  for (const clause of sentence.clauses)
    for (const [name, rule] of rules) {
      const before = book.claims.length;
      rule(book, clause);
      if (book.claims.length > before) kinds.add(name);
    }
  const found = { right: 0, wrong: 0, unknown: 0 };
  for (const truth of book.claims) found[truth]++;
  if (isOpen(book)) found.unknown++;
  return { claims: found, kinds: [...kinds], misplaced: book.misplaced };
}

/** Whether words are left that say something. */
function isOpen(book: Book): boolean {
  return book.tokens.some(({ lower, readings }, i) => {
    if (book.isTold(i) || readings.length > 0) return false;
    return !isSilent(lower) || announces(lower);
  });
}

function verdictOf({ right, wrong, unknown }: Claims): Verdict {
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
