"""Small byte-level BPE tokenizers of three families, with ids, offsets and rendered chats by transformers.

Run as: python test/golden/generate/text.py
"""

import json
import re
import shutil

from common import GOLDEN, versions, write_json
from corpus import CORPUS, HOSTILE, fuzz
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

LLAMA3_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

LLAMA3_TEMPLATE = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}"
    "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
QWEN2_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# Features of longer templates: namespace, raise_exception, is defined, whitespace control, slices, string methods.
STRICT_TEMPLATE = """{%- if messages[0]['role'] == 'system' -%}
    {%- set system = messages[0]['content'].strip() -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set system = none -%}
    {%- set rest = messages -%}
{%- endif -%}
{{- bos_token -}}
{%- set ns = namespace(turn=0) -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{- raise_exception('Roles must alternate user/assistant') -}}
    {%- endif -%}
    {%- if message.role == 'user' %}
        {%- set ns.turn = ns.turn + 1 %}
        {{- '[INST ' ~ ns.turn ~ '] ' }}
        {%- if system is not none and loop.first %}{{ system + '\\n\\n' }}{% endif %}
        {{- message.content | trim }} [/INST]
    {%- elif tools is defined and tools %}
        {{- tools | tojson }}
    {%- else %}
        {{- ' ' + message.content + eos_token }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt is defined and add_generation_prompt %}{{ ' ' }}{% endif -%}
"""

CHATS = [
    [{"role": "user", "content": "Tell me about the city of Cairo."}],
    [{"role": "system", "content": " Answer in short sentences. "}, {"role": "user", "content": "  What is the nearest larger city?\n"}],
    [
        {"role": "user", "content": "Is Lima in Peru?"},
        {"role": "assistant", "content": "Yes, it's the capital."},
        {"role": "user", "content": "\u6771\u4eac\U0001f600 <b>&amp; 'quotes' \"double\" {{ braces }} {% x %}"},
    ],
    [{"role": "user", "content": ""}],
    [{"role": "assistant", "content": "out of turn"}, {"role": "user", "content": "hm"}],
]


def train(split, normalizer, specials, vocab_size, ignore_merges=False):
    tok = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tok.normalizer = normalizer
    if split is None:
        tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tok.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(split), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        )
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(specials), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, min_frequency=2
    )
    tok.train_from_iterator(CORPUS, trainer)
    tok.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in specials])
    return tok


def pieces(legacy):
    """A SentencePiece-like BPE with byte fallback, as Llama 2's tokenizer.json of transformers 4 (legacy) and of 5 has it."""
    tok = Tokenizer(models.BPE())
    tok.normalizer = normalizers.Replace(" ", "\u2581")
    trainer = trainers.BpeTrainer(vocab_size=160, show_progress=False, min_frequency=2)
    ascii_only = ["".join(c for c in part if c.isascii()) for text in CORPUS for part in text.split("\n")]  # the rest stays bytes
    tok.train_from_iterator(ascii_only, trainer)
    learnt = json.loads(tok.to_str())["model"]
    first = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    vocab = {piece: i for i, piece in enumerate(first + list(learnt["vocab"]))}
    tok = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(pair) for pair in learnt["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if legacy:
        tok.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    else:
        tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    tok.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tok.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in first[:3]])
    return PreTrainedTokenizerFast(tokenizer_object=tok, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def build():
    plain = train(None, None, ["<|bos|>", "<|endoftext|>", "<|pad|>"], 320)
    plain = PreTrainedTokenizerFast(tokenizer_object=plain, bos_token="<|bos|>", eos_token="<|endoftext|>", pad_token="<|pad|>")

    llama3 = train(LLAMA3_SPLIT, None, ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], 340, True)
    bos = llama3.token_to_id("<|begin_of_text|>")
    llama3.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B", special_tokens=[("<|begin_of_text|>", bos)]),
        ]
    )
    llama3 = PreTrainedTokenizerFast(tokenizer_object=llama3, bos_token="<|begin_of_text|>", eos_token="<|eot_id|>")
    llama3.chat_template = LLAMA3_TEMPLATE

    qwen2 = train(QWEN2_SPLIT, normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], 330)
    qwen2 = PreTrainedTokenizerFast(tokenizer_object=qwen2, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    qwen2.chat_template = QWEN2_TEMPLATE
    return {"plain": plain, "llama3": llama3, "qwen2": qwen2, "llama2": pieces(True), "metaspace": pieces(False)}


def utf16(text, at):
    return len(text[:at].encode("utf-16-le")) // 2


def encodings(tokenizer):
    rows = []
    for text in HOSTILE + fuzz():
        out = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        offsets = [[utf16(text, a), utf16(text, b)] for a, b in out["offset_mapping"]]
        rows.append({"text": text, "ids": out["input_ids"], "offsets": offsets, "decoded": tokenizer.decode(out["input_ids"], clean_up_tokenization_spaces=False)})
    return rows


def by_bytes(tokenizer, ids):
    """The text of pieces by Python's own decoder: transformers makes U+FFFD of every byte in a row that is not UTF-8 as a whole."""
    parts = tokenizer.convert_ids_to_tokens(ids)
    data = b"".join(bytes.fromhex(part[3:5]) if re.fullmatch("<0x[0-9A-F]{2}>", part) else part.replace("\u2581", " ").encode() for part in parts)
    return data.decode("utf-8", errors="replace").removeprefix(" ")


def lossy(tokenizer, count=40):
    """Sequences no text gives: cut inside characters, as sampling may leave them."""
    pieces = tokenizer.convert_tokens_to_ids("<0x0A>") is not None
    rows = []
    for row in encodings(tokenizer):
        ids = row["ids"]
        for part in (ids[1:], ids[:-1], ids[::2]):
            text = tokenizer.decode(part, clean_up_tokenization_spaces=False)
            if "\ufffd" in text and len(rows) < count:
                rows.append({"ids": part, "decoded": by_bytes(tokenizer, part) if pieces else text})
    return rows


def chats(tokenizer, template):
    rows = []
    for messages in CHATS:
        try:
            text = tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=False)
            ids = tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=True, return_dict=False)
            rows.append({"messages": messages, "text": text, "ids": ids})
        except Exception as error:  # a template may refuse: so must ours
            rows.append({"messages": messages, "error": str(error)})
    return rows


def main():
    for name, tokenizer in build().items():
        folder = GOLDEN / "text" / name
        shutil.rmtree(folder, ignore_errors=True)
        tokenizer.save_pretrained(folder)
        templates = {"plain": {}, "llama3": {"own": LLAMA3_TEMPLATE, "strict": STRICT_TEMPLATE}, "qwen2": {"own": QWEN2_TEMPLATE}}.get(name, {"zephyr": (GOLDEN / "chat" / "zephyr.jinja").read_text(encoding="utf-8")})
        write_json(
            folder / "vectors.json",
            {
                "versions": versions(),
                "vocabSize": len(tokenizer),
                "bosId": tokenizer.bos_token_id,
                "eosId": tokenizer.eos_token_id,
                "padId": tokenizer.pad_token_id,
                "encodings": encodings(tokenizer),
                "lossy": lossy(tokenizer),
                "chats": {kind: {"template": template, "cases": chats(tokenizer, template)} for kind, template in templates.items()},
            },
        )


if __name__ == "__main__":
    main()
