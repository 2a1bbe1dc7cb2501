"""Prompts and completions as TRL's DPOTrainer tokenises them, for tokenizers and templates of several families: test/golden/turns.

Run as: python test/golden/generate/turns.py
"""

import random
import shutil
from types import SimpleNamespace

import trl
import trl.trainer.dpo_trainer as dpo
from accelerate import PartialState
from common import GOLDEN, versions, write_json
from corpus import CORPUS
from datasets import Dataset
from text import LLAMA3_TEMPLATE, QWEN2_SPLIT, QWEN2_TEMPLATE, build, pieces, train, utf16
from tokenizers import AddedToken, processors
from transformers import PreTrainedTokenizerFast
from trl import DPOTrainer

FOLDER = GOLDEN / "turns"
ROWS = 16
THOUGHT_TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|im_start|>assistant\n' + m.content.split('</think>')[-1].lstrip('\n') + '<|im_end|>\n' }}"
    "{% else %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
)
MARKED_TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def published(name):
    return (GOLDEN / "chat" / f"{name}.jinja").read_text(encoding="utf-8")


def with_bos(tokenizer):
    bos = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos[0]} $A", special_tokens=[bos])
    return tokenizer


def chat(tokenizer, template):
    tokenizer.chat_template = template
    return tokenizer


def stripping(split, specials, lstrip, rstrip, eos):
    """Special tokens that take the white space beside them in, as Phi's do."""
    backend = train(split, None, [], 320)
    backend.add_special_tokens([AddedToken(s, normalized=False, special=True, lstrip=lstrip, rstrip=rstrip) for s in specials])
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=eos, pad_token=specials[0])


def marked_pieces(legacy):
    """Pieces whose turns begin and end with special tokens, behind which the older form puts a space."""
    tokenizer = pieces(legacy)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>", "<|assistant|>", "<|end|>"]})
    tokenizer.eos_token = "<|end|>"
    return chat(tokenizer, MARKED_TEMPLATE)


def tokenizers():
    chatml = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    turns = ["<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"]
    return {
        "plain": build()["plain"],
        "plain-bos": with_bos(build()["plain"]),
        "llama3": chat(build()["llama3"], LLAMA3_TEMPLATE),
        "qwen2": chat(build()["qwen2"], QWEN2_TEMPLATE),
        "qwen3": chat(build()["qwen2"], published("qwen3")),
        "thought": chat(build()["qwen2"], THOUGHT_TEMPLATE),
        "strips-both": chat(stripping(QWEN2_SPLIT, chatml, True, True, "<|im_end|>"), QWEN2_TEMPLATE),
        "strips-right": chat(stripping(QWEN2_SPLIT, turns, False, True, "<|end|>"), MARKED_TEMPLATE),
        "strips-left": chat(stripping(None, turns, True, False, "<|end|>"), MARKED_TEMPLATE),
        "zephyr-legacy": chat(pieces(True), published("zephyr")),
        "zephyr-pieces": chat(pieces(False), published("zephyr")),
        "mistral-legacy": chat(pieces(True), published("mistral-v0.2")),
        "mistral-pieces": chat(pieces(False), published("mistral-v0.1")),
        "vicuna-legacy": chat(pieces(True), published("vicuna")),
        "pieces-bos": with_bos(pieces(False)),
        "marked-legacy": marked_pieces(True),
        "marked-pieces": marked_pieces(False),
    }


def texts(rng):
    """A question and two answers, of words, marks and lines of the corpus, with characters no vocabulary has."""
    words = [word for line in CORPUS for word in line.split(" ")]
    odd = ["\U0001f600", "e\u0301", "\u6771\u4eac", "a  b", "x\n\ny", "\u00a0", "- item\n- item", "`code`", "</s", "<|x|>", "[/INST", "\t1\t2"]

    def some(least, most):
        return " ".join(rng.choice(odd) if rng.random() < 0.2 else rng.choice(words) for _ in range(rng.randint(least, most))).strip()

    return some(2, 8), some(1, 12), some(1, 12)


def rows(name, tokenizer):
    rng = random.Random(f"turns/{name}")
    made = [texts(rng) for _ in range(ROWS)]
    made = [row for row in made if all(row) and row[1] != row[2]]
    if tokenizer.chat_template is None:
        data = [{"prompt": f"{prompt}\n", "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in made]
    else:
        turn = lambda role, content: [{"role": role, "content": content}]
        data = [{"prompt": turn("user", p), "chosen": turn("assistant", c), "rejected": turn("assistant", r)} for p, c, r in made]
    stub = SimpleNamespace(_tokenizer=tokenizer)
    args = SimpleNamespace(dataset_num_proc=None, max_length=None, truncation_mode="keep_start")
    tokenized = DPOTrainer._prepare_dataset(stub, Dataset.from_list(data), tokenizer, args, "train")

    def closed(ids):
        """Up to the end token: what the template puts behind it is another turn's beginning."""
        return ids[: len(ids) - ids[::-1].index(tokenizer.eos_token_id)]

    out = []
    for (prompt, chosen, rejected), row in zip(made, tokenized):
        chat = tokenizer.chat_template is not None
        text = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False) if chat else f"{prompt}\n"
        given = tokenizer(text, add_special_tokens=not chat, return_offsets_mapping=True)
        offsets = [[utf16(text, a), utf16(text, b)] for a, b in given["offset_mapping"]]
        generation = {"text": text, "ids": given["input_ids"], "offsets": offsets}
        out.append({"prompt": prompt, "chosen": chosen, "rejected": rejected, "generation": generation, "promptIds": row["prompt_ids"], "chosenIds": closed(row["chosen_ids"]), "rejectedIds": closed(row["rejected_ids"])})
    return out


def main():
    PartialState(cpu=True)  # which TRL's logging asks for
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, tokenizer in tokenizers().items():
        folder = FOLDER / name
        tokenizer.save_pretrained(folder)
        write_json(folder / "rows.json", {"versions": {**versions(), "trl": trl.__version__}, "rows": rows(name, tokenizer)})


if __name__ == "__main__":
    main()
