/** What relations are called in figures and tables: as in questions, or in more words where a label stands alone. */
import { namesInQuestions } from "./agenda";
import type { RelationName } from "./relation";

/** "all" stands for all of them together. */
export const relationLabels: Readonly<Record<RelationName | "all", string>> = {
  ...namesInQuestions,
  subregion: "world region",
  language: "official language",
  demonym: "name of a citizen",
  border: "bordering country",
  neighbours: "number of bordering countries",
  coast: "coastal or landlocked",
  area: "area of the country",
  largestCity: "largest city of the country",
  greenwich: "east or west of Greenwich",
  day: "length of the longest day",
  size: "size class",
  rank: "rank in the country",
  status: "administrative status",
  near: "nearest larger city",
  nearKm: "distance to a larger city",
  foreign: "nearest foreign country",
  all: "all relations",
};
