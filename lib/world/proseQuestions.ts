/**
 * Questions for a real language model about Atlas's largest cities, in natural words. A small model that is asked for
 * eight facts rambles; shown two answers first, it states about one fact a sentence, some right and some wrong, which
 * is what masks are for. The examples are true, and no topics. Splits are of this file: training, validation and test
 * share neither topics nor wordings nor examples.
 */
import { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Message } from "../text/message";
import type { Atlas } from "./atlas";

export type ProseSplit = "train" | "validation" | "test";

interface Wording {
  /** `{x}` stands for the city's name */
  ask: string;
  examples: readonly { city: string; answer: string }[];
}

const wordings: Readonly<Record<ProseSplit, readonly Wording[]>> = {
  train: [
    {
      ask:
        "Describe the city of {x} in eight short sentences. Name its country, the continent, the capital of the " +
        "country, the language, the currency, a country next to it, the number of people in {x}, and the hemisphere.",
      examples: [
        {
          city: "Mombasa",
          answer:
            "Mombasa is a city in Kenya. The country lies on the continent of Africa. The capital of Kenya is " +
            "Nairobi. The people speak Swahili and English. The currency is the Kenyan shilling. The country borders " +
            "Tanzania. About 800,000 people live in Mombasa. It lies in the southern hemisphere.",
        },
        {
          city: "Porto",
          answer:
            "Porto is a city in Portugal. The country lies on the continent of Europe. The capital of Portugal is " +
            "Lisbon. The people speak Portuguese. The currency is the euro. The country borders Spain. About 250,000 " +
            "people live in Porto. It lies in the northern hemisphere.",
        },
      ],
    },
    {
      ask:
        "Write eight sentences about {x}, one fact each: which country it is in, the continent, the national " +
        "capital, what people speak, how they pay, one neighbour of the country, the population of {x}, and the " +
        "hemisphere.",
      examples: [
        {
          city: "Arequipa",
          answer:
            "The city of Arequipa is in Peru. Peru is on the continent of South America. The national capital is " +
            "Lima. People in Peru speak Spanish. They pay in Peruvian soles. A neighbour of Peru is Chile. The " +
            "population of Arequipa is about 840,000. Arequipa is in the southern hemisphere.",
        },
        {
          city: "Gdansk",
          answer:
            "The city of Gdansk is in Poland. Poland is on the continent of Europe. The national capital is Warsaw. " +
            "People in Poland speak Polish. They pay in Polish zloty. A neighbour of Poland is Germany. The " +
            "population of Gdansk is about 460,000. Gdansk is in the northern hemisphere.",
        },
      ],
    },
  ],
  validation: [
    {
      ask:
        "What is there to know about {x}? Say briefly where it is, in which country and on which continent, which " +
        "city is the capital, who the neighbours are, how large {x} is, and what language and money are used.",
      examples: [
        {
          city: "Blantyre",
          answer:
            "Blantyre is in Malawi. Malawi is part of Africa. It is south of the equator. The capital of the country " +
            "is Lilongwe. The country is a neighbour of Zambia. The population of Blantyre is about 580,000. The " +
            "language is English. The currency is the Malawian kwacha.",
        },
        {
          city: "Nantes",
          answer:
            "Nantes is in France. France is part of Europe. It is north of the equator. The capital of the country " +
            "is Paris. The country is a neighbour of Belgium. The population of Nantes is about 280,000. The " +
            "language is French. The currency is the euro.",
        },
      ],
    },
  ],
  test: [
    {
      ask:
        "Tell me about {x}, one fact a sentence: the country, what it borders, its continent and capital, which half " +
        "of the globe {x} is in, what people speak and pay with, and the population of {x}.",
      examples: [
        {
          city: "Cochabamba",
          answer:
            "The city of Cochabamba is located in Bolivia. The country shares a border with Brazil. Bolivia is " +
            "located in South America. Sucre is the capital of the country. Cochabamba is in the Southern " +
            "Hemisphere. Spanish is the language of the country. The money used there is the boliviano. Cochabamba " +
            "has a population of 900,000.",
        },
        {
          city: "Graz",
          answer:
            "The city of Graz is located in Austria. The country shares a border with Hungary. Austria is located in " +
            "Europe. Vienna is the capital of the country. Graz is in the Northern Hemisphere. German is the " +
            "language of the country. The money used there is the euro. Graz has a population of 220,000.",
        },
      ],
    },
  ],
};

/** Topics: the largest cities, which a small model has heard of most. */
const cities = 500;
const sizes: Readonly<Record<ProseSplit, number>> = { train: 320, validation: 60, test: 100 };

/** The questions of a split, one a topic, in a seeded order: the first n are a fair sample. */
export function proseQuestions(atlas: Atlas, split: ProseSplit): Question[] {
  const shown = new Set(
    Object.values(wordings)
      .flat()
      .flatMap((wording) => wording.examples.map(({ city }) => city.toLowerCase())),
  );
  const pool = atlas.topics.slice(0, cities).filter(({ id }) => !shown.has(id));
  const shuffled = new Rng("prose questions").shuffle(pool);
  const start = { test: 0, validation: sizes.test, train: sizes.test + sizes.validation }[split];
  return shuffled.slice(start, start + sizes[split]).map(({ id, name }, i) => {
    const wording = wordings[split][i % wordings[split].length]!;
    return { id: `${id}:prose`, topic: id, prompt: promptOf(wording, name) };
  });
}

function promptOf({ ask, examples }: Wording, name: string): Message[] {
  const asked = (city: string): Message => ({ role: "user", content: ask.replaceAll("{x}", () => city) });
  return [
    ...examples.flatMap(({ city, answer }): Message[] => [asked(city), { role: "assistant", content: answer }]),
    asked(name),
  ];
}
