/** A document of results: sections of tables and figures, each with the line that says what it is from. */
import type { Table } from "./table";

/** A table or a figure with the line under its caption. */
export type Item = { from: string } & (
  { kind: "table"; name: string; title: string; table: Table } | { kind: "figure"; name: string; title: string }
);

export interface Section {
  id: string;
  title: string;
  items: Item[];
}

export interface ResultDocument {
  title: string;
  /** engine, versions, size of the run; then what a reader must know about parts of other runs */
  facts: string[];
  warnings: string[];
  sections: Section[];
}
