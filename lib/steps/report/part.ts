/** A part of a report: its tables, figures and answers, and the files they are from. */
import type { AnsweredQuestion, Section } from "../../show/document";
import type { Figure } from "../../show/figure/figure";
import type { Table } from "../../show/table";

export interface Part extends Omit<Section, "items"> {
  tables: Table[];
  figures?: Figure[];
  answers?: AnsweredQuestion[];
  /** the files it is from */
  from: readonly string[];
}
