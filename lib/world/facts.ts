/** Atlas's committed facts (data/atlas): one JSONL row per country and per city, each checked against its schema. */
import path from "node:path";
import { z } from "zod";
import { projectRoot } from "../base/files";
import { readJsonl } from "../base/jsonl";

const text = z.string().min(1);
const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);

export const countryRowSchema = z
  .object({
    code: z.string().length(2),
    name: text,
    id: text,
    continent: text,
    subregion: text,
    capital: text,
    languages: z.array(text).min(1),
    currencies: z.array(text).min(1),
    /** Singular, as in "a Swede". */
    demonym: text,
    /** Names of the countries it shares a land border with. */
    borders: z.array(text),
    callingCode: text,
    /** Internet domain without its dot. */
    domain: text,
    landlocked: z.boolean(),
    areaKm2: z.number().positive(),
    latitude,
    longitude,
    /** Largest city and people in all cities (GeoNames, 1000 inhabitants and more); null without any. */
    largestCity: text.nullable(),
    urbanPopulation: z.number().int().nonnegative(),
    /** Whether it is one of the out-of-domain topics. */
    topic: z.boolean(),
  })
  .strict();
export type CountryRow = z.infer<typeof countryRowSchema>;

export const splitSchema = z.enum(["train", "validation", "test"]);
export type TopicSplit = z.infer<typeof splitSchema>;

export const cityRowSchema = z
  .object({
    id: text,
    name: text,
    /** Country code. */
    country: z.string().length(2),
    population: z.number().int().positive(),
    latitude,
    longitude,
    status: z.enum(["national capital", "regional capital", "district capital", "ordinary"]),
    /** Rank by population in its country, from 1. */
    rank: z.number().int().positive(),
    /** Nearest city with more people, and its distance; null for the largest city of all. */
    near: text.nullable(),
    nearKm: z.number().nonnegative().nullable(),
    /** Null for the capital itself and where GeoNames names none. */
    capitalKm: z.number().nonnegative().nullable(),
    /** Country of the nearest place abroad. */
    foreign: text,
    split: splitSchema,
  })
  .strict();
export type CityRow = z.infer<typeof cityRowSchema>;

/** Folder of the committed Atlas files. */
export const atlasFolder: string = path.join(projectRoot, "data", "atlas");

/** @throws UserError with file and line for a bad or missing row */
export function readFacts(folder: string): { countries: CountryRow[]; cities: CityRow[] } {
  return {
    countries: readJsonl(path.join(folder, "countries.jsonl"), countryRowSchema),
    cities: readJsonl(path.join(folder, "cities.jsonl"), cityRowSchema),
  };
}
