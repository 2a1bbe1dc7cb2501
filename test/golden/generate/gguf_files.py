"""Small GGUF files by llama.cpp's own package: numbers of every type, vocabularies, and two of our golden models.

Run as: python test/golden/generate/gguf_files.py, after text.py and models.py; needs gguf and sentencepiece as well
"""

import io
import json
from importlib.metadata import version

import gguf
import numpy as np
import sentencepiece
import torch
from common import GOLDEN, versions, write_json
from corpus import CORPUS, HOSTILE, fuzz
from gguf import GGMLQuantizationType as T
from safetensors.torch import load_file
from text import build
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers.convert_slow_tokenizer import generate_merges

OUT = GOLDEN / "gguf"
TEXTS = HOSTILE + fuzz(160)
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def writer(name, architecture):
    return gguf.GGUFWriter(OUT / f"{name}.gguf", architecture)


def close(file):
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def quants():
    """Blocks of random bytes, with scales that are numbers; what the gguf package makes of them."""
    rng = np.random.default_rng(3)
    file, expected = writer("quants", "llama"), {}
    for kind in (T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q4_K, T.Q5_K, T.Q6_K):
        length, size = gguf.GGML_QUANT_SIZES[kind]
        rows, columns = (6, 2) if length < 256 else (2, 2)
        data = rng.integers(0, 256, (rows, columns, size), dtype=np.uint8)
        scales = {T.Q4_1: [0, 2], T.Q5_1: [0, 2], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}.get(kind, [0])
        if kind == T.F32:
            data[..., 3] = 0x3F
        elif kind == T.BF16:
            data[..., 1] = 0xBE
        else:
            for at in scales:  # normal and subnormal halves of both signs
                data[..., at : at + 2] = (rng.standard_normal((rows, columns)) * 10.0 ** rng.integers(-7, 2, (rows, columns))).astype(np.float16).view(np.uint8).reshape(rows, columns, 2)
        data = data.reshape(rows, -1)
        file.add_tensor(kind.name, data if kind not in (T.F32, T.F16) else data.view(np.float32 if kind == T.F32 else np.float16), raw_dtype=kind)
        expected[kind.name] = np.ascontiguousarray(gguf.quants.dequantize(data, kind), dtype="<f4")
    close(file)
    (OUT / "quants.f32").write_bytes(b"".join(array.tobytes() for array in expected.values()))
    return [[name, list(array.shape)] for name, array in expected.items()]


def byte_level(file, tokenizer, pre, rows=344):
    """As convert_hf_to_gguf's set_vocab_gpt2, which names every row of the embedding."""
    saved = json.loads(tokenizer.to_str())
    added = {token["id"]: token for token in saved["added_tokens"]}
    by_id = {i: token for token, i in tokenizer.get_vocab().items()}
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(pre)
    file.add_token_list([by_id.get(i, f"[PAD{i}]") for i in range(rows)])
    kinds = [(CONTROL if added[i]["special"] else USER_DEFINED) if i in added else NORMAL if i in by_id else UNUSED for i in range(rows)]
    file.add_token_types(kinds)
    file.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in saved["model"]["merges"]])


def special(file, tokenizer, template=None):
    for name in ("bos", "eos", "pad"):
        value = getattr(tokenizer, f"{name}_token_id")
        if value is not None:
            getattr(file, f"add_{name}_token_id")(value)
    if template:
        file.add_chat_template(template)


def ids(tokenizer):
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


def smollm():
    """Digits one by one, then GPT-2's rule; one added token that is not special."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=316, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, min_frequency=2)
    tok.train_from_iterator(CORPUS, trainer)
    tok.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in ("<|endoftext|>", "<|im_end|>")])
    tok.add_tokens([AddedToken("<s>", normalized=False)])
    return tok


def sentence_pieces():
    """A vocabulary trained as Llama 2's: bytes for what it lacks, no normalisation, a space in front."""
    model = io.BytesIO()
    lines = ["".join(c for c in line if c.isascii()) for text in CORPUS for line in text.split("\n")]  # the rest stays bytes
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in lines if line] + ["a\ufeffb"] * 20), model_writer=model, model_type="bpe", vocab_size=424, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True, character_coverage=1.0, hard_vocab_limit=True, minloglevel=2, num_threads=1,
        allow_whitespace_only_pieces=True,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = [pieces.id_to_piece(i) for i in range(len(pieces))]
    scores = [pieces.get_score(i) for i in range(len(pieces))]
    kinds = [UNKNOWN if pieces.is_unknown(i) else CONTROL if pieces.is_control(i) else BYTE if pieces.is_byte(i) else NORMAL for i in range(len(pieces))]
    vocab = {token: i for i, token in enumerate(tokens)}
    tok = Tokenizer(models.BPE(vocab=vocab, merges=generate_merges(vocab, dict(zip(tokens, scores))), unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tok.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in ("<unk>", "<s>", "</s>")])
    different = [text for text in TEXTS if "<s>" not in text and "\x00" not in text and tok.encode(text, add_special_tokens=False).ids != pieces.encode(text)]
    assert not different, different
    assert "\ufeff" in vocab, "a byte order mark is a token, as in Llama 2"
    return tok, tokens, scores, kinds


def permuted(weight, heads):
    """llama.cpp's order of a Llama's query and key rows (convert_hf_to_gguf's permute)."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}


def model(name, architecture, vocabulary, kind):
    """A golden model; matrices in `kind`, vectors in float32, as llama.cpp writes them."""
    source = GOLDEN / "models" / name
    config = json.loads((source / "config.json").read_text())
    rope = config["rope_parameters"]
    file = writer(name, architecture)
    file.add_block_count(config["num_hidden_layers"])
    file.add_context_length(config["max_position_embeddings"])
    file.add_embedding_length(config["hidden_size"])
    file.add_feed_forward_length(config["intermediate_size"])
    file.add_head_count(config["num_attention_heads"])
    file.add_head_count_kv(config["num_key_value_heads"])
    file.add_rope_freq_base(rope["rope_theta"])
    file.add_layer_norm_rms_eps(config["rms_norm_eps"])
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    if config.get("head_dim"):
        file.add_key_length(head)
        file.add_value_length(head)
    if architecture == "llama":
        file.add_rope_dimension_count(head)
    vocabulary(file)
    if rope["rope_type"] == "llama3":
        frequencies = 1.0 / rope["rope_theta"] ** (torch.arange(0, head, 2, dtype=torch.float32) / head)
        low, high, factor, original = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"], rope["original_max_position_embeddings"]
        factors = []
        for wave in (2 * torch.pi / frequencies).tolist():
            smooth = (original / wave - low) / (high - low)
            factors.append(1 if wave < original / high else factor if wave > original / low else 1 / ((1 - smooth) / factor + smooth))
        file.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))
    tensors = {}
    for shard in sorted(source.glob("model*.safetensors")):
        tensors.update(load_file(shard))
    for key, tensor in tensors.items():
        weight = tensor.float().numpy()
        module, suffix = key.rsplit(".", 1)
        inner = module.removeprefix("model.layers.").partition(".")
        if architecture == "llama" and inner[2] in ("self_attn.q_proj", "self_attn.k_proj"):
            weight = permuted(weight, config["num_attention_heads" if "q_proj" in key else "num_key_value_heads"])
        outer = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}.get(module)
        stored = f"{outer or f'blk.{inner[0]}.{NAMES[inner[2]]}'}.{suffix}"
        as_kind = kind if weight.ndim > 1 else T.F32
        file.add_tensor(stored, gguf.quants.quantize(np.ascontiguousarray(weight), as_kind), raw_dtype=as_kind)
    close(file)


def main():
    OUT.mkdir(exist_ok=True)
    families = build()
    types = quants()
    vocabularies = {}
    for name, kind, pre in (("plain", "gpt-2", "gpt-2"), ("llama3", "llama-bpe", "llama-bpe"), ("qwen2", "qwen2", "qwen2")):
        tokenizer = families[name]
        file = writer(f"vocab-{kind}", "llama")
        byte_level(file, tokenizer.backend_tokenizer, pre)
        special(file, tokenizer, tokenizer.chat_template)
        close(file)
        vocabularies[kind] = ids(tokenizer.backend_tokenizer)
    digits = smollm()
    file = writer("vocab-smollm", "llama")
    byte_level(file, digits, "smollm")
    file.add_eos_token_id(digits.token_to_id("<|im_end|>"))
    close(file)
    vocabularies["smollm"] = ids(digits)
    tok, tokens, scores, kinds = sentence_pieces()
    vocabularies["llama"] = ids(tok)

    def pieces(file):
        file.add_tokenizer_model("llama")
        file.add_tokenizer_pre("default")
        file.add_token_list(tokens)
        file.add_token_scores(scores)
        file.add_token_types(kinds)
        file.add_bos_token_id(1)
        file.add_eos_token_id(2)
        file.add_unk_token_id(0)

    def bytes_of(name, pre, rows):
        def add(file):
            byte_level(file, families[name].backend_tokenizer, pre, rows)
            special(file, families[name], families[name].chat_template)

        return add

    model("tinyllama-1.1b", "llama", pieces, T.BF16)  # Llama 2: untied, grouped queries
    model("llama-gqa-llama3", "llama", bytes_of("llama3", "llama-bpe", 340), T.F16)  # llama3 scaling
    model("qwen2-gqa-tied", "qwen2", bytes_of("qwen2", "qwen2", 336), T.F32)  # biases, tied
    write_json(OUT / "vectors.json", {"versions": {**versions(), "gguf": version("gguf"), "sentencepiece": sentencepiece.__version__}, "types": types, "texts": TEXTS, **vocabularies})


if __name__ == "__main__":
    main()
