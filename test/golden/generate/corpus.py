"""Texts the small tokenizers are trained on, and hostile texts they are tested with."""

import random

CORPUS = [
    "Paris is the capital of France. It lies on the river Seine and has about two million inhabitants.",
    "The capital of Japan is Tokyo; the currency of Japan is the yen. People there speak Japanese.",
    "Nairobi lies in Kenya, south of the equator. Its climate is temperate, and its dialling code is +254.",
    "Is Lima in Peru? Yes, Lima is the capital of Peru, it isn't far from the Pacific ocean.",
    "The population of Oslo is 709037. The city doesn't lie in the southern hemisphere.",
    "Who wrote this? I don't know, we're not sure, they've said nothing, she'll ask, I'd guess, I'm done.",
    "Zürich, São Paulo, Kraków, Tromsø, Đà Nẵng, Malmö and Besançon are cities with marks in their names.",
    "東京は日本の首都です。 北京是中国的首都。 서울은 대한민국의 수도이다.",
    "Москва - столица России. Η Αθήνα είναι η πρωτεύουσα της Ελλάδας. القاهرة هي عاصمة مصر.",
    "In 1900 there were 2714 people; in 1950: 48,210; in 2000: 1,093,211.\n\nNotes:\n  - first\n  - second\n\tthird",
    "Tell me about the city of Cairo. Tell me about the city of Quito. What is the nearest larger city?",
] * 4

HOSTILE = [
    "",
    " ",
    "\n",
    "   ",
    "\t\n \r\n",
    "Paris",
    " Paris",
    "  Paris  is the capital. ",
    "Paris is the capital of France.\nIt lies on the Seine.\n\n\nEnd",
    "a\n b\n  c\n\td \n e",
    "trailing spaces   ",
    "trailing newline\n",
    "\u00a0no-break\u00a0space\u2003em space\u3000ideographic space",
    "line\u2028separator\u2029paragraph\x0bvertical\x0cform\x85next",
    "DON'T don't I'M i'm we'Ll they'vE 'S 's",
    "1 12 123 1234 12345678 1,234.5 3.14e-10 \u0663\u0664\u0665 \u00bd\u2167",
    "\U0001f600",
    "a\U0001f600b \U0001f600\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f1eb\U0001f1f7 \u2764\ufe0f \U0001f44d\U0001f3fd",
    "\u6771\u4eac\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002",
    "\u5317\u4eac is \u4e2d\u56fd's capital\uff0c\u53f6\u3002",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab\u1100\u116e\u11a8",
    "cafe\u0301 caf\u00e9 Zu\u0308rich Z\u00fcrich A\u030a \u00c5 \u212b",
    "e\u0301\u0323x q\u0307\u0323 o\u0302\u0301 \u1e69 s\u0323\u0307",
    "\u0301leading mark",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0928\u092e\u0938\u094d\u0924\u0947 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22",
    "\u0627\u0644\u0642\u0627\u0647\u0631\u0629 \u0647\u064a \u0639\u0627\u0635\u0645\u0629 \u0645\u0635\u0631",
    "\u202eright to left\u202c zero\u200bwidth\u200cjoin\u200der \ufeffbom",
    "\ufeffbyte order mark first",
    "\ufffd replacement \ufffd\ufffd",
    "\u0000null\u0001\u001f\u007f\u0080",
    "\U00010348\U0001d11e\U000e0041\U0010ffff \ue000",
    "<|endoftext|> <|eot_id|> <|im_start|>user<|im_end|> <s></s> <|x|>",
    "x<|eot_id|>y<|im_end|>\u0301z <|begin_of_text|> <|endoftext|>",
    "__proto__ constructor toString hasOwnProperty",
    "https://example.org/a?b=c&d=%20#frag user@example.org C:\\dir\\file.txt",
    "{\"key\": [1, 2.5, null], 'a': `b`} // ok?!... --- ___ ***",
    "same same same same Same SAME",
    "word" * 40,
    "\u00df\u1e9e \ufb01 \ufb03 \u01c6 \u0130 \u0131 \u017f",
]


def fuzz(count=120, seed=7):
    """Random mixtures of everything that is cut differently by one tokenizer or another."""
    rng = random.Random(seed)
    pieces = [" ", "  ", "\n", "\n\n", "\t", "\r\n", ".", "?!", "'s", "'LL", "12", "2024", "the", " city", "Paris", "\u00e9", "e\u0301",
              "\u0308", "\u6771", "\u4eac\u3002", "\U0001f600", "\u200d", "\U0001f3fd", "\ud55c", "\u1112\u1161", "\u0301", "\u00a0", "\u3000",
              "\u0628", "\u0939\u093f", "_", "-", "\u2014", "\u201c", "<|eot_id|>", "<|im_end|>", "\ufeff", "\x00"]
    return ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 14))) for _ in range(count)]
