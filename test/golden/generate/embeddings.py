"""Hidden states of the tiny checkpoints and vectors of topics, by transformers.

Run as: python test/golden/generate/embeddings.py (after models.py)
"""

import torch
from common import GOLDEN, f32, versions, write_json
from transformers import AutoModelForCausalLM, AutoTokenizer

TOPICS = {"cairo": "Cairo", "sao": "São Paulo", "lie": "Nieuw-Lie"}
WORDINGS = ["Where is {x}?", "Where does {x} lie?", "Tell me about the city of {x}. What is {x}"]


def prompt(tokenizer, content):
    """Text and ids as the project makes them (README.md of the repository, DESIGN: tokens)."""
    if tokenizer.chat_template:
        return tokenizer.apply_chat_template([{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True), []
    text = content + "\n"
    return text, tokenizer(text)["input_ids"][:1] if tokenizer(text)["input_ids"][0] == tokenizer.bos_token_id else []


@torch.no_grad()
def states(model, ids):
    """[layers + 1, T, D]"""
    return torch.stack(model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states)[:, 0]


def vectors(model, tokenizer):
    """Per layer and topic: mean over the name's tokens, then over the wordings."""
    means, cuts = [], {}
    for topic, name in TOPICS.items():
        rows = []
        for wording in WORDINGS:
            text, before = prompt(tokenizer, wording.replace("{x}", name))
            encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
            start = text.rindex(name)
            inside = [len(before) + t for t, (a, b) in enumerate(encoded["offset_mapping"]) if a < start + len(name) and b > start]
            ids = before + encoded["input_ids"]
            rows.append(states(model, ids)[:, inside].mean(1))
            cuts[topic] = cuts.get(topic, []) + [[ids[: inside[-1] + 1], inside[0]]]
        means.append(torch.stack(rows).mean(0))
    return f32(torch.stack(means, 1)), cuts


def main():
    out = {"versions": versions(), "topics": TOPICS, "wordings": WORDINGS}
    for folder in sorted((GOLDEN / "models").iterdir()):
        model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).float().eval(), AutoTokenizer.from_pretrained(folder)
        generator = torch.Generator().manual_seed(5)
        ids = [torch.randint(0, len(tokenizer), (length,), generator=generator).tolist() for length in (9, 4, 6)]
        means, cuts = vectors(model, tokenizer)
        out[folder.name] = {"ids": ids, "states": [f32(states(model, row)) for row in ids], "nameTokens": cuts, "vectors": means}
    write_json(GOLDEN / "embeddings.json", out)


if __name__ == "__main__":
    main()
