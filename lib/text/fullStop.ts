/**
 * Whether a single full stop with white space behind it ends a sentence: not where it belongs to an abbreviation or
 * an initial. What follows decides where both may be: "the U.S. Army", "the U.S. He".
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Always followed by what they are of: titles before names, and what stands between two things. */
const never = words(
  "Mr Mrs Ms Mx Dr Drs Prof Rev Fr Hon Gov Sen Rep Gen Col Lt Maj Capt Cpl Sgt Cmdr Cdr Adm Brig Pvt Supt Pres Amb " +
    "Atty Msgr Mme Mlle Messrs Sra Srta Hr Bros vs Vs viz approx Approx resp bzw",
);
/** Followed by a number, which they count. */
const counting = words(
  "No no Nos nos Nr Vol vol Vols Fig fig Figs Eq Ch Chap Art Sec Sect Op pp p pg ca Ca c b d r fl est ed",
);
const months = words("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun");
const fullMonths = words("Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember");
/** Before a name's rest as well as at an end: companies, states, streets. */
const either = words(
  "ff v Cf Inc Ltd Co Corp Plc LLC Cie Jr Sr Esq St Ste Mt Ft Ave Blvd Rd Sq Hwy Dept Univ Assn Assoc Intl " +
    "Natl Mfg Ph Ala Ariz Ark Calif Cal Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo " +
    "Mont Neb Nev Okla Ore Pa Tenn Tex Va Vt Wash Wis Wyo Ont Que Tel Ext",
);
/** Written small, before what goes on small or with a number. */
const small = words("co st ave ft in lb lbs oz sq mi dept ext inc ltd approx tel");
/** What may follow an hour. */
const timeWords = words(
  "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August " +
    "September October November December Eastern Central Mountain Pacific EST EDT CST CDT MST PST PDT GMT UTC CET",
);
/** Words that begin sentences and hardly ever names. */
const starters = words(
  "The A An He She It They We You I This That These Those There Here His Her Its Their Our My Your In On At By For " +
    "From With After Before During Since While When Where As If Although Though Because But And Or So However Also " +
    "Then Later Today Some Many Most Other Another One Both Each All What Who How Why Which Is Are Was Were Did Does " +
    "Do Has Have To Under Over Until Despite Following According Meanwhile Moreover Furthermore Additionally Born No " +
    "Not Now Among Between Through Throughout Within Because Every Several Such Only Even Yes",
);

/** As far as a word is read: no abbreviation is longer. */
const longestWord = 24;
const lastWord = /[\p{L}\p{M}\p{N}'’]+(?:\.[\p{L}\p{M}\p{N}'’]+)*$/u;
const nextWord = /^["'“‘«„([*_¿¡]*(\p{L}[\p{L}\p{M}'’]*)(\.?)/u;

/** @param at the stop @param next the next visible character of the line @param sentence where the sentence begins */
export function endsSentence(text: string, at: number, next: number, sentence: number): boolean {
  const window = text.slice(Math.max(sentence, at - longestWord), at);
  const word = lastWord.exec(window)?.[0];
  if (word === undefined) return !/^\p{Ll}/u.test(text.slice(next, next + 2)); // the last of ". . ."
  const before = window.slice(0, -word.length);
  if (word === "cf" && (at - word.length === sentence || /[([,;]\s*$/.test(before))) return false;
  return endsAfter(/\bet\s+$/.test(before) ? "et al" : word, text.slice(next, next + longestWord));
}

/** @param following the line's text from the next visible character on */
function endsAfter(word: string, following: string): boolean {
  const [, next = "", dotted = ""] = nextWord.exec(following) ?? [];
  const starts = starters.has(next) && !(next.length === 1 && dotted === "."); // not the initial of "J. A. Smith"
  const lower = /^\p{Ll}/u.test(following);
  const digit = /^["'“(#]*\p{N}/u.test(following);
  if (/^\p{Lu}$/u.test(word)) return starts;
  if (/^[ap]\.m$/i.test(word)) return /^["'“(]*\p{Lu}/u.test(following) && !timeWords.has(next);
  if (/^(?:\p{L}{1,2}\.)+\p{L}{1,2}$/u.test(word)) return starts && /^\p{Lu}/u.test(word);
  if (small.has(word)) return !lower && !(digit && word !== "in");
  if (counting.has(word)) return !digit;
  if (never.has(word)) return false;
  if (months.has(word)) return !digit && !lower;
  if (either.has(word) || word === "et al") return starts;
  if (word === "etc" || word === "usw") return /^["'“(]*\p{Lu}/u.test(following);
  return !(/^\d{1,2}$/.test(word) && (lower || fullMonths.has(next))); // the 3rd of October, in German
}
