/** A document of results: sections of tables and figures, each with the line that says what it is from. */
import type { JudgedText } from "./sentences";
import type { Table } from "./table";

/** What several policies answered to a question, side by side. */
export interface AnsweredQuestion {
  question: string;
  /** why it is shown */
  why: string;
  answers: { label: string; text: JudgedText }[];
}

/** A table, a figure, or answers, with the line under its caption. */
export type Item = { from: string } & (
  | { kind: "table"; name: string; title: string; table: Table }
  | { kind: "figure"; name: string; title: string }
  | { kind: "answers"; name: string; title: string; questions: AnsweredQuestion[] }
);

export interface Section {
  id: string;
  title: string;
  items: Item[];
}

/** Where to go on: a page, or the command that makes it. */
export interface Onward {
  text: string;
  href?: string;
  command?: string;
}

export interface ResultDocument {
  title: string;
  /** the answer, a sentence each, before everything else */
  lead?: readonly string[];
  onward?: readonly Onward[];
  /** engine, versions, size of the run; then what a reader must know about parts of other runs */
  facts: string[];
  warnings: string[];
  sections: Section[];
}
