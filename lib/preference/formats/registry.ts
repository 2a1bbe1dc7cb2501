/** The formats that `mask-dpo import` and `export` know. */
import { axolotl } from "./axolotl";
import { llamafactory } from "./llamafactory";
import { official } from "./official";
import type { PairFormat } from "./pairRow";
import { trl } from "./trl";

/** Formats of preference pairs, read and written. */
export const pairFormats = { official, trl, llamafactory, axolotl } satisfies Record<string, PairFormat>;

export const pairFormatNames = Object.keys(pairFormats) as PairFormatName[];

export type PairFormatName = keyof typeof pairFormats;

/** Formats of labelled responses, of which pairs are made (§2.2). */
export const labelFormatNames = ["factscore", "halueval"] as const;

export type ImportName = PairFormatName | (typeof labelFormatNames)[number];
