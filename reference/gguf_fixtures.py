"""Tiny GGUF files of llama architecture, one for each tensor type, with their tensors as PyPI `gguf` dequantises them and
the logits of transformers on those.

llama.cpp rotates neighbouring pairs, transformers the two halves, so the rows of q and k are permuted on writing (as
llama.cpp's converter does) and back before transformers runs them. Norms are always F32. Linear matrices have rows of 32
or more, the block size of the quantised types.
"""

import math
from dataclasses import dataclass

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType, TokenType
from safetensors.numpy import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

import tokenizer_fixtures as tokens
from models import draw

LAYERS, HEADS, KV_HEADS, D_MODEL, D_MLP, CONTEXT, EPS, THETA = 2, 2, 1, 32, 64, 128, 1e-5, 10000.0
TEXT = "When John and Mary went to the store in 1984, John gave a bottle of milk to"
ROPE = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64)


@dataclass(frozen=True)
class File:
    name: str
    about: str
    type: Type
    file_type: LlamaFileType
    pre: str = "smollm"
    add_bos: bool | None = False  # None: the key is absent
    head_dim: int = 16
    tied: bool = True
    embedding: Type | None = None  # another type for token_embd
    alignment: int = 32
    rope_freqs: bool = False


FILES = [
    File("f32", "F32, add_bos_token true", Type.F32, LlamaFileType.ALL_F32, add_bos=True),
    File("f16", "F16, output.weight of its own, pre gpt-2, no add_bos_token, alignment 64", Type.F16,
         LlamaFileType.MOSTLY_F16, pre="gpt-2", add_bos=None, tied=False, alignment=64),
    File("bf16", "BF16, pre qwen2", Type.BF16, LlamaFileType.MOSTLY_BF16, pre="qwen2"),
    File("q8_0", "Q8_0, heads wider than d_model / heads (key_length)", Type.Q8_0, LlamaFileType.MOSTLY_Q8_0,
         head_dim=32),
    File("q4_0", "Q4_0, output.weight of its own", Type.Q4_0, LlamaFileType.MOSTLY_Q4_0, tied=False),
    File("q4_1", "Q4_1, embedding in Q8_0", Type.Q4_1, LlamaFileType.MOSTLY_Q4_1, embedding=Type.Q8_0),
    File("f32-rope", "F32, llama3 rotary scaling as a rope_freqs tensor, pre llama-bpe, add_bos_token true", Type.F32,
         LlamaFileType.ALL_F32, pre="llama-bpe", add_bos=True, rope_freqs=True),
]

LAYER_NAMES = {  # GGUF: transformers
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
TOP_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def names(file):
    """{GGUF name: transformers name}"""
    out = {f"{ours}.weight": f"{theirs}.weight" for ours, theirs in TOP_NAMES.items()
           if not (file.tied and ours == "output")}
    for layer in range(LAYERS):
        out |= {f"blk.{layer}.{ours}.weight": f"model.layers.{layer}.{theirs}.weight"
                for ours, theirs in LAYER_NAMES.items()}
    return out


def permute(weight, heads):
    """transformers -> llama.cpp: row (half, i) of a head becomes row (i, half)"""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def unpermute(weight, heads):
    return weight.reshape(heads, -1, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def permuted_heads(name):
    return HEADS if ".attn_q." in name else KV_HEADS if ".attn_k." in name else None


def config(file):
    return LlamaConfig(num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=KV_HEADS,
                       head_dim=file.head_dim, hidden_size=D_MODEL, intermediate_size=D_MLP,
                       vocab_size=tokens.VOCABULARY, max_position_embeddings=CONTEXT, rms_norm_eps=EPS,
                       rope_theta=THETA, rope_scaling=ROPE if file.rope_freqs else None,
                       tie_word_embeddings=file.tied, attn_implementation="eager")


def rope_freqs(file):
    """What llama.cpp divides each rotary frequency by (its converter's formula for llama3)."""
    frequencies = THETA ** -(np.arange(0, file.head_dim, 2) / file.head_dim)
    old, low, high = (ROPE[key] for key in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor"))
    factors = []
    for wavelength in 2 * math.pi / frequencies:
        smooth = (old / wavelength - low) / (high - low)
        middle = 1 / ((1 - smooth) / ROPE["factor"] + smooth)
        factors.append(1 if wavelength < old / high else ROPE["factor"] if wavelength > old / low else middle)
    return np.array(factors, dtype=np.float32)


def write(file, path, weights, vocabulary, merges):
    writer = gguf.GGUFWriter(path, "llama")
    if file.alignment != gguf.GGUF_DEFAULT_ALIGNMENT:
        writer.add_custom_alignment(file.alignment)
    writer.add_name(f"tiny {file.name}")
    writer.add_file_type(file.file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(tokens.VOCABULARY)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(D_MODEL)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(D_MLP)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_rope_freq_base(THETA)
    writer.add_rope_dimension_count(file.head_dim)
    if file.head_dim != D_MODEL // HEADS:
        writer.add_key_length(file.head_dim)
        writer.add_value_length(file.head_dim)
    add_tokenizer(writer, file, vocabulary, merges)
    if file.rope_freqs:
        writer.add_tensor("rope_freqs.weight", rope_freqs(file))
    for name, weight in weights.items():
        kind = Type.F32 if weight.ndim == 1 else (file.embedding or file.type) if "token_embd" in name else file.type
        writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tokenizer(writer, file, vocabulary, merges):
    ordered = sorted(vocabulary, key=vocabulary.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(file.pre)
    writer.add_token_list(ordered)
    writer.add_token_types([TokenType.CONTROL if token in tokens.SPECIALS else TokenType.NORMAL for token in ordered])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(tokens.BOS)
    writer.add_eos_token_id(tokens.EOS)
    if file.add_bos is not None:
        writer.add_add_bos_token(file.add_bos)


def dequantised(path):
    """{GGUF name: float32 array}, read back from the file"""
    reader = gguf.GGUFReader(path)
    # (the reader gives a BF16 tensor as bytes of [rows, 2 columns])
    return {tensor.name: np.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
            for tensor in reader.tensors}


def model_of(file, arrays):
    """The transformers model of the dequantised tensors, in float64."""
    model = LlamaForCausalLM(config(file)).eval()
    state = {}
    for ours, theirs in names(file).items():
        heads = permuted_heads(ours)
        state[theirs] = torch.tensor(unpermute(arrays[ours], heads) if heads else arrays[ours])
    info = model.load_state_dict(state, strict=False)
    assert not info.unexpected_keys and set(info.missing_keys) <= {"lm_head.weight"}, info
    model.tie_weights()
    return model.double()


def make_file(file, folder, seed, vocabulary, merges):
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, theirs in names(file).items():
        shape = LlamaForCausalLM(config(file)).get_parameter(theirs).shape
        weight = draw(theirs, torch.empty(shape), generator).numpy()
        weights[name] = permute(weight, permuted_heads(name)) if permuted_heads(name) else weight
    path = folder / "model.gguf"
    write(file, path, weights, vocabulary, merges)
    arrays = dequantised(path)
    model = model_of(file, arrays)
    tokenizer = tokens.tokenizer_for(file.pre, vocabulary, merges)
    ids = [tokens.BOS] * bool(file.add_bos) + tokenizer.encode(TEXT, add_special_tokens=False).ids
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    compare_with_loader(file, folder, ids, logits)
    save_file(arrays | {"logits": logits.float().numpy()}, folder / "expected.safetensors")
    for each in folder.iterdir():
        each.chmod(0o644)
    error = max(float(np.abs(arrays[name] - weight).max() / np.abs(weight).max()) for name, weight in weights.items())
    print(f"gguf/{file.name}: {path.stat().st_size / 1e3:.0f} kB, rounding {error:.1e}, {len(ids)} ids, "
          f"logit sd {float(logits.std()):.2f}")
    return {"about": file.about, "type": file.type.name, "pre": file.pre, "add_bos": bool(file.add_bos),
            "text": TEXT, "ids": ids}


@torch.no_grad()
def compare_with_loader(file, folder, ids, logits):
    """transformers' own GGUF reader gives the same logits (it ignores rope_freqs)"""
    if file.rope_freqs:
        return
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", attn_implementation="eager").eval()
    apart = float((model(torch.tensor([ids])).logits[0] - logits).abs().max())
    assert apart < 1e-4, f"{file.name}: transformers' reader differs by {apart}"


def make(folder, write_json):
    vocabulary, merges = tokens.train()
    for seed, file in enumerate(FILES, 100):
        write_json(folder / file.name / "case.json", make_file(file, folder / file.name, seed, vocabulary, merges))
