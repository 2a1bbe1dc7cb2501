"""Sentences of texts of our own as pySBD cuts them, by language: test/golden/sentences.json.

Run as: python test/golden/generate/sentences.py (pysbd 0.3.4)
"""

import importlib.metadata

import pysbd
from common import GOLDEN, write_json

TEXTS = {
    "en": [
        "Graz is a city. Is it large? Yes! It has trams.",
        "Her name is Ruth B. Okafor. She lives there.",
        "See p. 12 of the book. Then read on.",
        "We met Hart, Lowe & Co. at noon. They left.",
        "They sold it to Hart & Co. It was cheap.",
        "Mt. Orrin is high. St. Anne lies below it.",
        "She saw the U.S.A. last year. It was warm.",
        "He lives in the U.S. How about you?",
        "She works for the U.S. Senate in Ohio.",
        "At 7 a.m. the shop opens. It closes at 5 p.m. The cat sleeps.",
        "It costs $3.50. It is in the box.",
        "Write to info@example.org. Nobody answers.",
        "He turned and said, \"It is late.\" She nodded.",
        "He turned and said, \"It is late.\" she heard.",
        "What!? Who is there?? Nobody!!",
        "1. The first thing 2. The second thing",
        "1) The first thing. 2) The second thing.",
        "1.) The first thing 2.) The second thing",
        "a. The red one b. The blue one c. The green one",
        "\u2022 3. The red one \u2022 4. The blue one",
        "He teaches (He was once a smith.) in Graz.",
        "The Yahoo! office is new. It is small.",
        "I never said that.... She left.",
        "He paused ... and then he spoke. Nobody heard.",
        "World War I. He was there. It rained.",
        "The No. 2 of the list beat No. 1. Nobody cared.",
        "The model (Dale, 1988; Orr et al., 1995) is old. It works (Fig. 2). Good.",
        "The firm of Dr. Weir, Ph.D., was sold in Sept. 2010. He died in Oct. of that year.",
        "Born in St. Louis, Mo. He grew up there.",
    ],
    "de": ["Er kam am 3. Oktober. Dann ging er.", "Das ist z.B. ein Haus. Es ist alt."],
    "fr": ["Il est n\u00e9 en 1950. O\u00f9 est-il mort ? \u00c0 Lyon !"],
    "es": ["\u00bfD\u00f3nde est\u00e1? Est\u00e1 en Lima. \u00a1Qu\u00e9 bien!"],
    "el": ["\u0397 \u0391\u03b8\u03ae\u03bd\u03b1 \u03b5\u03af\u03bd\u03b1\u03b9 \u03c0\u03cc\u03bb\u03b7. \u0395\u03af\u03bd\u03b1\u03b9 \u03bc\u03b5\u03b3\u03ac\u03bb\u03b7!"],
    "ar": ["\u0623\u064a\u0646 \u0627\u0644\u0642\u0627\u0647\u0631\u0629\u061f \u0647\u064a \u0641\u064a \u0645\u0635\u0631. \u0645\u062f\u064a\u0646\u0629 \u0643\u0628\u064a\u0631\u0629!"],
    "fa": ["\u0627\u06cc\u0646 \u0634\u0647\u0631 \u0628\u0632\u0631\u06af \u0627\u0633\u062a. \u0622\u06cc\u0627 \u0642\u062f\u06cc\u0645\u06cc \u0627\u0633\u062a\u061f \u0628\u0644\u0647!"],
    "ur": ["\u06cc\u06c1 \u0634\u06c1\u0631 \u0628\u0691\u0627 \u06c1\u06d2\u06d4 \u06a9\u06cc\u0627 \u06cc\u06c1 \u0642\u062f\u06cc\u0645 \u06c1\u06d2\u061f \u06c1\u0627\u06ba\u06d4"],
    "hi": ["\u092f\u0939 \u0928\u0917\u0930 \u092c\u0921\u093c\u093e \u0939\u0948\u0964 \u0915\u094d\u092f\u093e \u092f\u0939 \u092a\u0941\u0930\u093e\u0928\u093e \u0939\u0948? \u0939\u093e\u0901\u0964"],
    "mr": ["\u0939\u0947 \u0936\u0939\u0930 \u092e\u094b\u0920\u0947 \u0906\u0939\u0947. \u0924\u0947 \u091c\u0941\u0928\u0947 \u0906\u0939\u0947. \u0939\u094b!"],
    "hy": ["\u054d\u0561 \u0584\u0561\u0572\u0561\u0584 \u0567\u0589 \u0531\u0575\u0576 \u0570\u056b\u0576 \u0567\u0589"],
    "am": ["\u12ed\u1205 \u12a8\u1270\u121b \u1290\u12cd\u1362 \u1275\u120d\u1245 \u1290\u12cd\u1362"],
    "my": ["\u1012\u102b\u1000 \u1019\u103c\u102d\u102f\u1037\u1015\u102b\u104b \u1000\u103c\u102e\u1038\u1010\u101a\u103a\u104b"],
    "ja": ["\u6771\u4eac\u306f\u9996\u90fd\u3067\u3059\u3002\u4eba\u53e3\u306f\u591a\u3044\uff01\u53e4\u3044\u3067\u3059\u304b\uff1f", "\u5f7c\u306f\u6771\u4eac\u306b\u4f4f\u3080\uff0e\u5bd2\u3044\uff0e"],
    "zh": ["\u5317\u4eac\u662f\u9996\u90fd\u3002\u4eba\u53e3\u5f88\u591a\uff01\u4f60\u77e5\u9053\u5417\uff1f"],
    "ru": ["\u041c\u043e\u0441\u043a\u0432\u0430 \u2014 \u0433\u043e\u0440\u043e\u0434. \u041e\u043d\u0430 \u0431\u043e\u043b\u044c\u0448\u0430\u044f? \u0414\u0430!"],
}


def main():
    out = {"versions": {"pysbd": importlib.metadata.version("pysbd")}}
    for language, texts in TEXTS.items():
        segmenter = pysbd.Segmenter(language=language, clean=False)
        out[language] = [{"text": text, "sentences": [part.strip() for part in segmenter.segment(text)]} for text in texts]
    write_json(GOLDEN / "sentences.json", out)


if __name__ == "__main__":
    main()
