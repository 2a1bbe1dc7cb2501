"""FActScore's knowledge source and what the official code finds in it: python test/golden/generate/knowledge.py FACTSCORE

FACTSCORE is a checkout of github.com/shmsw25/FActScore. Its DocDB reads a database that Python's sqlite3 made of made-up
articles, its Retrieval (BM25 by rank_bm25) ranks passages, its scorer builds the prompts. Ours takes words by another rule,
so ranked articles are of lower-case words without punctuation, and where passages score alike the fact is refused.
What the checkout imports and these functions do not need is replaced by empty modules.
"""
import hashlib
import importlib
import importlib.metadata
import json
import platform
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np

FACTSCORE = Path(sys.argv[1])
OUT = Path(__file__).resolve().parent.parent / "knowledge"
sys.modules.update({f"factscore.{name}": MagicMock() for name in ("atomic_facts", "clm", "npm", "openai_lm")} | {"tqdm": MagicMock()})
sys.path.insert(0, str(FACTSCORE))
retrieval = importlib.import_module("factscore.retrieval")
scorer = importlib.import_module("factscore.factscorer").FactScorer

rng = random.Random(7)
VOCABULARY = [f"{a}{b}" for a in ("bri", "tra", "mu", "clo", "ri") for b in ("dge", "m", "ck", "ver", "lon", "x")]


def passages(n, words=180):
    """Of as many words as ours cuts rows into, so that a row can hold the same passages; the last is shorter."""
    texts = [" ".join(min(rng.choices(VOCABULARY, k=3)) for _ in range(words if i < n - 1 else 40)) for i in range(n)]
    return [f"<s>{text}</s>" if i == 0 else f"{text}</s>" if i == n - 1 else text for i, text in enumerate(texts)]


RANKED = {"graz": passages(9), "linz": passages(3), "wels": passages(1)}
TITLES = ["O'Brien \"x\"); DROP TABLE documents; --", "Łódź 💧", "Caf\u00e9", "Cafe\u0301", "a", "a\0", "a\0b", " a", "%", "?1", "__proto__", "constructor", "1984", "l" * 700]
PLAIN = {title: [f"<s>The article {i}, its first passage.</s>", "<s>Größe 80 m – “a feat”\n\x00💧</s><s>and</s>so on"][: 1 + i % 2] for i, title in enumerate(TITLES)}
FILLER = {f"filler {i:02}": [f"nothing about {i}"] for i in range(80)}


def build(file):
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA page_size = 512")  # small pages: trees of several levels and texts over many pages
    connection.execute("CREATE TABLE documents (title PRIMARY KEY, text);")
    rows = [(title, retrieval.SPECIAL_SEPARATOR.join(texts)) for title, texts in (RANKED | PLAIN | FILLER).items()]
    connection.executemany("INSERT INTO documents VALUES (?,?)", rows + [("empty", ""), ("blank", f"<s></s>{retrieval.SPECIAL_SEPARATOR} "), ("null", None)])
    connection.commit()
    connection.close()


def prompts(db):
    ranked = retrieval.Retrieval(db, str(OUT / "none"), str(OUT / "none"), "bm25")
    cases = []
    for topic in RANKED:
        while sum(case["topic"] == topic for case in cases) < 4:
            fact = " ".join(rng.choices(VOCABULARY, k=rng.randint(2, 5)))
            query, asked = f"{topic} {fact}", []
            found = ranked.get_passages(topic, fact, k=5)
            scores = np.sort(ranked.embed_cache[topic].get_scores(query.split()))
            if np.any(np.diff(scores) < 1e-9):
                continue
            this = SimpleNamespace(lm=SimpleNamespace(generate=lambda prompt: (asked.append(prompt), ("True", None))[1]), model_name="retrieval+ChatGPT", retrieval={"k": ranked})
            scorer._get_score(this, topic, "", [fact], "k")
            stored = [p["text"] for p in db.get_text_from_title(topic)]
            cases.append({"topic": topic, "fact": fact, "nearest": [stored.index(p["text"]) for p in found], "prompt": hashlib.sha256(asked[0].encode()).hexdigest()})
    return cases


OUT.mkdir(exist_ok=True)
build(OUT / "documents.db")
db = retrieval.DocDB(str(OUT / "documents.db"))
shown = lambda passage: passage["text"].replace("<s>", "").replace("</s>", "")  # as the scorer puts it into a prompt
golden = {
    "versions": {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "numpy": np.__version__, "rank_bm25": importlib.metadata.version("rank_bm25"),
                 "FActScore": subprocess.check_output(["git", "-C", FACTSCORE, "rev-parse", "HEAD"], text=True).strip()},
    "articles": [{"title": title, "passages": [shown(passage) for passage in db.get_text_from_title(title)]} for title in RANKED | PLAIN | {"filler 07": None}],
    "prompts": prompts(db),
}
db.close()
(OUT / "vectors.json").write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "\n}\n", encoding="ascii")
