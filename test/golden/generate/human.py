"""FActScore and the official code's masks, each computed plainly: python test/golden/generate/human.py

The labels and texts are made up. The masks use transformers' tokenizers and Python's own slice assignment, by whose rules
labels grow when a stretch runs over the end.
"""

import random

import numpy as np
from common import GOLDEN, versions, write_json
from transformers import PreTrainedTokenizerFast

WORDS = ["Cairo", "city", "river", "3.5", "km²", "capital", "São", "born", "in", "1949", "Law & Order", "\u6771\u4eac", "old", "Dr. Who", "naïve", "\U0001f600"]
GAPS = [" ", " ", " ", "\n", "\n\n", "  ", ""]
MASKED = -100


def fact_score(rng):
    responses = []
    for _ in range(40):
        kind = rng.random()
        n = 0 if kind < 0.1 else rng.randint(1, 25)
        responses.append(None if kind > 0.9 else [rng.choice(["S", "S", "S", "NS", "NS", "IR"]) for _ in range(n)])
    answered = [r for r in responses if r]
    shares = np.array([np.mean([label == "S" for label in r]) for r in answered])
    counts = np.array([len(r) for r in answered])
    penalty = np.where(counts > 10, 1.0, np.exp(1 - 10 / counts))
    return {
        "responses": responses,
        "score": float(shares.mean()),
        "penalised": float((shares * penalty).mean()),
        "respondRatio": float(np.mean([bool(r) for r in responses])),
        "factsPerResponse": float(counts.mean()),
    }


def side(rng):
    """A completion, and (start, end, verdict) of its sentences in UTF-16 code units."""
    text, sentences = rng.choice(["", "", "Well: "]), []
    for i in range(rng.randint(1, 6)):
        body = " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 7))) + rng.choice([".", ".", "!", '."'])
        sentences.append([len(text), len(text) + len(body), rng.choice(["supported", "unverifiable", "contradictory", "no-fact"])])
        text += body + rng.choice(GAPS)
    return text, sentences


def labels_of(tokenizer, text, sentences, drop, with_gap):
    """Completion ids and closing token as labels; those of dropped sentences masked, each as long as it is by itself."""
    encode = lambda piece: tokenizer.encode(piece, add_special_tokens=False)
    ids = encode(text) + [tokenizer.eos_token_id]
    labels, at = list(ids), 0
    for i, (start, end, verdict) in enumerate(sentences):
        until = end if not with_gap else sentences[i + 1][0] if i + 1 < len(sentences) else len(text)
        n = len(encode(text[start:until]))
        if drop(verdict):
            labels[at : at + n] = [MASKED] * n
        at += n
    return ids, labels


def mask_case(tokenizer, chosen, rejected, with_gap):
    wrong = lambda verdict: verdict in ("unverifiable", "contradictory")
    out = [labels_of(tokenizer, *chosen, wrong, with_gap), labels_of(tokenizer, *rejected, lambda v: not wrong(v), with_gap)]
    fallback = any(len(ids) != len(labels) for ids, labels in out)
    mask = lambda ids, labels: "1" * len(ids) if fallback else "".join("0" if label == MASKED else "1" for label in labels)
    return {"fallback": fallback, "chosen": mask(*out[0]), "rejected": mask(*out[1])}


def utf16(text, sentences):
    units = lambda at: len(text[:at].encode("utf-16-le")) // 2
    return {"completion": text, "sentences": [{"start": units(a), "end": units(b), "verdict": v} for a, b, v in sentences]}


def masks(rng):
    pairs = [(side(rng), side(rng)) for _ in range(30)]
    out = {"pairs": [{"chosen": utf16(*c), "rejected": utf16(*r)} for c, r in pairs]}
    for name in ("plain", "llama3", "qwen2"):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(GOLDEN / "text" / name)
        out[name] = {cut: [mask_case(tokenizer, c, r, cut == "withGap") for c, r in pairs] for cut in ("span", "withGap")}
    return out


if __name__ == "__main__":
    write_json(GOLDEN / "human.json", {"versions": {**versions(), "numpy": np.__version__}, "factScore": fact_score(random.Random(1)), **{f"masks.{k}": v for k, v in masks(random.Random(2)).items()}})
