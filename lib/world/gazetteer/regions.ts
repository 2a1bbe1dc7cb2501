/**
 * Parts of the world larger than a country, as free text names them: each is a set of countries, by continent, by
 * Atlas's subregions or by code. General knowledge, written for this file.
 */
import type { CountryRow } from "../facts";

interface Region {
  continents?: readonly string[];
  subregions?: readonly string[];
  codes?: string;
}

const balkans = "AL BA BG GR HR ME MK RO RS SI XK TR";
const mediterranean = "ES FR IT MT SI HR BA ME AL GR TR CY SY LB IL PS EG LY TN DZ MA MC PT GI";
const southEastAsia: Region = { subregions: ["South-Eastern Asia"] };
const southAsia: Region = { subregions: ["Southern Asia"] };
const northAfrica: Region = { subregions: ["Northern Africa"] };
const middleEast: Region = { subregions: ["Western Asia"], codes: "EG IR" };
const westAfrica: Region = { subregions: ["Western Africa"] };
const eastAfrica: Region = { subregions: ["Eastern Africa"], codes: "SD SS" };
const centralAfrica: Region = { subregions: ["Middle Africa"], codes: "RW BI" };
const eastAsia: Region = { subregions: ["Eastern Asia"] };
const westAsia: Region = { subregions: ["Western Asia"], codes: "IR" };
const europeanUnion: Region = {
  codes: "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK",
};
const latinAmerica: Region = { subregions: ["South America", "Central America"], codes: "MX CU DO PR HT" };

const byName: Readonly<Record<string, Region>> = {
  "Central Asia": { subregions: ["Central Asia"], codes: "AF" },
  "East Asia": eastAsia,
  "Eastern Asia": eastAsia,
  "North Asia": { codes: "RU" },
  "Southeast Asia": southEastAsia,
  "South-East Asia": southEastAsia,
  "South East Asia": southEastAsia,
  "Southeastern Asia": southEastAsia,
  "South Asia": southAsia,
  "Southern Asia": southAsia,
  "Western Asia": westAsia,
  "West Asia": westAsia,
  "Southwest Asia": westAsia,
  "Asia-Pacific": { continents: ["Asia", "Oceania"] },
  "Middle East": middleEast,
  "Near East": middleEast,
  Levant: { codes: "SY LB JO IL PS" },
  "Arabian Peninsula": { codes: "SA YE OM AE QA BH KW" },
  "Arab world": { subregions: ["Northern Africa"], codes: "SA YE OM AE QA BH KW IQ SY LB JO PS EG SD SO DJ MR KM" },
  "Indian subcontinent": southAsia,
  "Korean Peninsula": { codes: "KR KP" },
  Caucasus: { codes: "GE AM AZ RU" },
  Siberia: { codes: "RU" },
  "Malay Peninsula": { codes: "MY TH MM SG" },
  "North Africa": northAfrica,
  "Northern Africa": northAfrica,
  Maghreb: { codes: "MA DZ TN LY MR EH" },
  Sahara: { codes: "DZ TD EG LY ML MR MA NE EH SD TN" },
  "Sahara Desert": { codes: "DZ TD EG LY ML MR MA NE EH SD TN" },
  Sahel: { codes: "SN MR ML BF DZ NE NG CM CF TD SD SS ER ET" },
  "West Africa": westAfrica,
  "Western Africa": westAfrica,
  "East Africa": eastAfrica,
  "Eastern Africa": eastAfrica,
  "Central Africa": centralAfrica,
  "Middle Africa": centralAfrica,
  "Southern Africa": { subregions: ["Southern Africa"], codes: "ZM ZW MZ MW AO MG" },
  "Horn of Africa": { codes: "SO ET ER DJ" },
  "Sub-Saharan Africa": {
    subregions: ["Western Africa", "Eastern Africa", "Middle Africa", "Southern Africa"],
    codes: "SD",
  },
  "Western Europe": { subregions: ["Western Europe"], codes: "GB IE ES PT DE AT CH IT LI" },
  "Eastern Europe": { subregions: ["Eastern Europe", "Southeast Europe"], codes: "PL CZ SK HU BY UA MD RU EE LV LT" },
  "Central Europe": { subregions: ["Central Europe"], codes: "DE AT CH PL CZ SK HU SI LI HR" },
  "Northern Europe": { subregions: ["Northern Europe"], codes: "GB IE EE LV LT" },
  "Southern Europe": { subregions: ["Southern Europe", "Southeast Europe"], codes: "FR BG RO" },
  "Southeast Europe": { subregions: ["Southeast Europe"], codes: balkans },
  "Southeastern Europe": { subregions: ["Southeast Europe"], codes: balkans },
  Scandinavia: { codes: "SE NO DK FI IS" },
  Balkans: { codes: balkans },
  "Balkan Peninsula": { codes: balkans },
  "Iberian Peninsula": { codes: "ES PT AD GI" },
  "Mediterranean region": { codes: mediterranean },
  "Mediterranean Basin": { codes: mediterranean },
  "European Union": europeanUnion,
  EU: europeanUnion,
  Eurasia: { continents: ["Europe", "Asia"] },
  "Eurasian continent": { continents: ["Europe", "Asia"] },
  Americas: { continents: ["North America", "South America"] },
  "Latin America": latinAmerica,
  "Central America": { subregions: ["Central America"] },
  Caribbean: { subregions: ["Caribbean"] },
  Oceania: { continents: ["Oceania"] },
  "West Indies": { subregions: ["Caribbean"] },
  Andes: { codes: "VE CO EC PE BO CL AR" },
  "Gran Chaco": { codes: "AR PY BO BR" },
  Patagonia: { codes: "AR CL" },
  Polynesia: { subregions: ["Polynesia"], codes: "NZ" },
  Melanesia: { subregions: ["Melanesia"] },
  Micronesia: { subregions: ["Micronesia"] },
};

/** Names of regions; those of continents are Atlas's. */
export const regionNames: readonly string[] = Object.keys(byName);

/** Whether a country lies in a region, wholly or with a part. */
export function liesInRegion(name: string, country: CountryRow): boolean {
  const { continents = [], subregions = [], codes = "" } = byName[name] ?? {};
  return (
    continents.includes(country.continent) ||
    subregions.includes(country.subregion) ||
    codes.split(" ").includes(country.code)
  );
}
