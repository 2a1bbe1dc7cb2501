/**
 * What an annotator is to commands and notebooks: a name, what it needs, and how it is opened. CONTRIBUTING says how to
 * add one.
 */
import type { z } from "zod";
import type { Annotator } from "../annotator";
import type { Question } from "../records";
import type { Judge } from "./judge";
import type { LlmAnnotator } from "./llmAnnotator";

/** Numbers with defaults, and names that may be left out; each has a description. */
export type AnnotatorOptionShape = Record<string, z.ZodDefault<z.ZodNumber> | z.ZodOptional<z.ZodString>>;

interface Described<S extends AnnotatorOptionShape, File extends string> {
  /** as `--annotator` names it */
  name: string;
  /** what it asks or looks up, in a line */
  description: string;
  options: z.ZodObject<S>;
  /** files it reads, each given under its name: what is in it */
  files: Readonly<Record<File, string>>;
}

/** What it is opened with: checked options, and the files by name. */
export interface Opening<S extends AnnotatorOptionShape, File extends string> {
  options: z.output<z.ZodObject<S>>;
  files: Readonly<Record<File, string>>;
  /** the questions whose answers it will judge */
  questions: readonly Question[];
}

/** One that judges in this process. */
export interface LocalAnnotator<
  S extends AnnotatorOptionShape = AnnotatorOptionShape,
  File extends string = string,
> extends Described<S, File> {
  server: false;
  open(opening: Opening<S, File>): Promise<Annotator>;
}

/** A language model behind the server: the one that is named with it, or another of its models. */
export type JudgeOf = (model?: string) => Judge;

export interface OpenedAnnotator {
  /** hash of what it has read, "none" where that is nothing: with the options a part of the key of its runs */
  source: string;
  annotator: (judgeOf: JudgeOf) => LlmAnnotator;
}

/** One that asks language models behind a server. */
export interface ServedAnnotator<
  S extends AnnotatorOptionShape = AnnotatorOptionShape,
  File extends string = string,
> extends Described<S, File> {
  server: true;
  open(opening: Opening<S, File>): Promise<OpenedAnnotator>;
}

export type AnnotatorEntry<S extends AnnotatorOptionShape = AnnotatorOptionShape, File extends string = string> =
  LocalAnnotator<S, File> | ServedAnnotator<S, File>;
