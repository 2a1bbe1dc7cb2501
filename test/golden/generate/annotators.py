"""Golden values for the annotators that ask a language model:

  python annotators.py ANAH FACTSCORE > ../annotators.json

ANAH and FACTSCORE are checkouts of github.com/open-compass/ANAH and github.com/shmsw25/FActScore. Their own code is run
with a scripted model in place of a real one; of what it says, the goldens keep sha256 sums. rank_bm25 gives BM25,
scikit-learn the agreement. What the checkouts import and these functions do not need is replaced by empty modules.
"""
import hashlib
import importlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import rank_bm25
import sklearn
from sklearn import metrics

ANAH, FACTSCORE = map(Path, sys.argv[1:3])
sha = lambda text: hashlib.sha256(text.encode("utf8")).hexdigest()
commit = lambda repo: subprocess.check_output(["git", "-C", repo, "rev-parse", "HEAD"], text=True).strip()

QUESTION = "When was the bridge of Graz built, and by whom?"
DOCUMENT = "The bridge was built in 1900.\n\nIts architect was A. Muster; it spans 80 m – “a feat”."
SENTENCE = "It was built in 1901 by A. Muster."
SCRIPTS = [
    ["en", ["<No Facts>"]],
    ["en", ["<Facts Present>", "<No Reference Information>"]],
    ["en", ["<Facts Present>", "The bridge was built in 1900. <SEP> Its architect was A. Muster.", "<Contradictory>"]],
    ["en", ["<Facts Present>", "Its architect was A. Muster.", "<No Hallucination>"]],
    ["en", ["<Facts Present>", "It spans 80 m.", " <Unverifiable>\n"]],
    ["zh", ["<无事实>"]],
    ["zh", ["<有事实>", "<无参考信息>"]],
    ["zh", ["<有事实>", "建于1900年。", "<矛盾>"]],
    ["zh", ["<有事实>", "建于1900年。", "<无幻觉>"]],
    ["zh", ["<有事实>", "建于1900年。", "<无法验证>"]],
]


def anah():
    sys.modules.update({name: MagicMock() for name in ("lmdeploy", "jsonlines", "tqdm")})
    sys.path.insert(0, str(ANAH / "eval/anah_v2"))
    code = importlib.import_module("eval")
    cases = []
    for language, replies in SCRIPTS:
        turns, left = [], list(replies)

        def pipe(messages):
            turns.append([[m["role"], sha(m["content"])] for m in messages])
            return SimpleNamespace(text=left.pop(0))

        label = code.process_question(pipe, QUESTION, SENTENCE, DOCUMENT, language)
        assert not left
        cases.append({"language": language, "replies": replies, "turns": turns, "label": label})
    return {"question": QUESTION, "document": DOCUMENT, "sentence": SENTENCE, "cases": cases}


def factscore():
    names = ["factscore.atomic_facts", "factscore.clm", "factscore.npm", "factscore.openai_lm", "factscore.retrieval", "tqdm"]
    sys.modules.update({name: MagicMock() for name in names})
    sys.path.insert(0, str(FACTSCORE))
    scorer = importlib.import_module("factscore.factscorer").FactScorer
    passages = [{"title": "Graz", "text": "Graz lies on the Mur."}, {"title": "Graz", "text": "It has a clock tower"}, {"title": "Graz", "text": "Trams run there!"}]
    cases = []
    for given, fact, reply in [(passages, "Graz has trams.", "True"), (passages[:2], "Graz is on the Danube.", "False."), (passages[1:2], "Graz has a tower.", " true\n")]:
        prompts = []

        class Model:
            def generate(self, prompt):
                prompts.append(prompt)
                return reply, None

        this = SimpleNamespace(lm=Model(), model_name="retrieval+ChatGPT", retrieval={"k": SimpleNamespace(get_passages=lambda topic, atom, k: given)})
        (decision,) = scorer._get_score(this, "Graz", "", [fact], "k")
        cases.append({"passages": given, "fact": fact, "reply": reply, "prompt": sha(prompts[0]), "supported": bool(decision["is_supported"])})
    return {"topic": "Graz", "cases": cases}


def bm25():
    rng = np.random.default_rng(3)
    vocabulary = [f"w{i}" for i in range(12)]
    documents = [[vocabulary[i] for i in np.minimum(rng.geometric(0.25, size=n) - 1, 11)] for n in (9, 4, 15, 7, 1)]
    queries = [["w0", "w3"], ["w1", "w1", "w7", "unknown"], ["w11"], []]
    model = rank_bm25.BM25Okapi(documents)
    return {"documents": documents, "queries": queries, "scores": [model.get_scores(q).tolist() for q in queries]}


VERDICTS = ["supported", "contradictory", "unverifiable", "no-fact"]


def agreement():
    cases = []
    for seed, p in [(1, [0.6, 0.1, 0.2, 0.1]), (2, [0.9, 0.05, 0.05, 0.0]), (3, [1.0, 0.0, 0.0, 0.0])]:
        rng = np.random.default_rng(seed)
        human = [rng.choice(VERDICTS, size=rng.integers(1, 9), p=p).tolist() for _ in range(8)]
        judged = [[v if rng.random() < 0.7 else str(rng.choice(VERDICTS)) for v in row] for row in human]
        a, b = sum(human, []), sum(judged, [])
        bad = lambda row: [int(v in ("contradictory", "unverifiable")) for v in row]
        x, y = bad(a), bad(b)
        cases.append({
            "human": human, "judged": judged,
            "confusion": metrics.confusion_matrix(a, b, labels=VERDICTS).tolist(),
            "accuracy": metrics.accuracy_score(a, b), "kappa": metrics.cohen_kappa_score(a, b, labels=VERDICTS) if len({*a, *b}) > 1 else 0.0,
            "binary": {"accuracy": metrics.accuracy_score(x, y), "kappa": metrics.cohen_kappa_score(x, y, labels=[0, 1]), "precision": metrics.precision_score(x, y, zero_division=0),
                       "recall": metrics.recall_score(x, y, zero_division=0), "f1": metrics.f1_score(x, y, zero_division=0)},
        })
    return cases


golden = {
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__, "rank_bm25": importlib.metadata.version("rank_bm25"),
                 "ANAH": commit(ANAH), "FActScore": commit(FACTSCORE)},
    "anah": anah(), "factscore": factscore(), "bm25": bm25(), "agreement": agreement(),
}
print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "\n}")
