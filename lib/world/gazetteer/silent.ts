/**
 * Words that claim nothing by themselves: grammar, what a sentence about a place is built of, and praise. A sentence
 * with any other word that no rule took account of says something that cannot be checked; so this list decides what is
 * unverifiable, and it is kept short: roles ("hub", "port"), events, visitors and resources are claims.
 */
import { words } from "./sentence";

const grammar =
  "a an the this that these those it its they their them there here he she his her who which what where when while " +
  "as and or but nor so than then also too very quite just only both either each every all any some one ones other " +
  "others another such same own itself themselves in on at of to from by with within inside into for about near " +
  "nearby around between along through over under up out off up is are was were be been being am has have had having " +
  "do does did can could may might will would shall should must not no yes if because since due whose , ; : ( ) ? [ " +
  "] 's s t we you i our your my me us itself like however although though moreover additionally furthermore overall " +
  "therefore thus well still even again once more most many much several various few lot lots number numerous " +
  "including include includes included specifically particularly especially especially approximately roughly nearly " +
  "almost around about estimated estimate over under more less least mainly mostly primarily predominantly generally " +
  "usually commonly often sometimes widely officially currently now today according both total up";

const places =
  "city cities town metropolis metropolitan urban area areas region regions place places part parts country " +
  "countries nation nations state continent continental continents world land territory republic kingdom people " +
  "peoples person inhabitants residents citizens locals population language languages currency currencies capital " +
  "official national local native located situated nestled lies lie lying sits set stands found located based " +
  "surrounded belongs belong live lives living lived reside home speak speaks spoken speaking use uses used pay pays " +
  "called named name known considered referred member consists comprises divided border borders bordered bordering " +
  "neighbour neighbours neighbouring neighbor neighbors neighboring next adjacent shares sea ocean river coast money " +
  "tender legal main primary major large larger largest big bigger biggest small smaller great important significant " +
  "second populous municipality district capital south north east west southern northern eastern western central " +
  "location situated side end border global international modern new old fact facts sentence sentences following " +
  "answer information complete completed description described describes mentioned question example here state " +
  "states following size hemisphere equator";

const praise =
  "vibrant bustling beautiful stunning rich unique diverse diversity multicultural cosmopolitan charming lively " +
  "dynamic thriving famous renowned popular well-known fascinating wonderful amazing great culture cultures cultural " +
  "heritage history historic historical traditions traditional tradition atmosphere scene scenes cuisine food foods " +
  "arts art architecture music lifestyle landscape landscapes nature natural beauty blend mix sense community spirit " +
  "character delicious friendly warm welcoming attractions landmarks iconic colorful picturesque scenic breathtaking " +
  "variety wide range ways customs customs entertainment nightlife fashion sports festivals experience experiences " +
  "offers offer enjoy worth visit visiting love explore boasts boast features feature gem melting pot strong deep " +
  "long vast different kinds types things full";

const silent = new Set([...words(grammar), ...words(places), ...words(praise)]);

/** Words that announce a claim: where no rule found its value, the claim cannot be checked. */
const announcing = words(
  "capital currency currencies population bordered borders bordering language languages hemisphere equator " +
    "largest biggest populous",
);

/** Whether a word says nothing by itself. */
export function isSilent(lower: string): boolean {
  return silent.has(lower);
}

/** Whether a word announces something that is then said. */
export function announces(lower: string): boolean {
  return announcing.has(lower);
}
