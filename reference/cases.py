"""The reference cases: what each model looks like, which pair it is run on, and how its checkpoint is spelled on disk.

Every case covers something that the others do not. All weights are random, from the case's own seed. Seeds are chosen so that no
component is almost unchanged at the last token: the measure `shift` divides by that change, and float32 should reach it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    family: str  # "gpt2" or "llama"
    config: dict  # arguments of the transformers config class
    clean: list[int]
    corrupted: list[int]
    contrast: str  # "removal" or "swap"
    seed: int
    answers: str = "clear"  # how answer and wrong are picked: models.pick_answers
    dtype: str = "float32"  # of the stored tensors
    spelling: str = "plain"  # how names, files and config.json are written: checkpoint.py
    steps: int = 50
    extras: tuple[str, ...] = field(default=())  # "raw": raw.cache.*; "gradients": grad.*; "published": published.py


def gpt2(layers, heads, d_model, d_mlp, vocab, **more):
    return dict(n_layer=layers, n_head=heads, n_embd=d_model, n_inner=d_mlp, vocab_size=vocab, n_positions=32,
                bos_token_id=0, eos_token_id=0, **more)


def llama(layers, heads, kv_heads, d_head, d_model, d_mlp, vocab, **more):
    return dict(num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=d_head,
                hidden_size=d_model, intermediate_size=d_mlp, vocab_size=vocab, max_position_embeddings=64,
                bos_token_id=0, eos_token_id=0, **more)


LLAMA3_ROPE = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
                   original_max_position_embeddings=32)

CASES = [
    Case("gpt2-plain", "GPT-2, gelu_new, d_mlp = 4 d_model, tied; the pair differs in the middle", "gpt2",
         gpt2(2, 4, 16, None, 83),
         [0, 3, 27, 31, 4, 50, 6], [0, 3, 27, 66, 4, 50, 6], "swap", 1347, extras=("raw", "gradients", "published")),
    Case("llama-gqa", "Llama, 4 query heads on 2 key-value heads, head_dim 6 with d_model 20, tied", "llama",
         llama(3, 4, 2, 6, 20, 36, 79, tie_word_embeddings=True, rope_theta=10000.0, rms_norm_eps=1e-5),
         [0, 7, 18, 28, 45, 9, 12], [0, 7, 61, 28, 45, 9, 12], "removal", 41, extras=("raw", "gradients", "published")),
    Case("gpt2-odd", "GPT-2, relu, 5 heads of 6, d_mlp 44 with d_model 30, untied unembedding", "gpt2",
         gpt2(2, 5, 30, 44, 61, activation_function="relu", tie_word_embeddings=False, layer_norm_epsilon=1e-6),
         [0, 11, 52, 8, 33, 20], [0, 11, 52, 40, 33, 20], "removal", 128),
    Case("gpt2-first-f16", "GPT-2, gelu (erf), float16 weights; the pair differs at the first position and at two more",
         "gpt2", gpt2(2, 3, 24, 40, 67, activation_function="gelu"),
         [5, 12, 44, 30, 8, 61, 17, 2], [9, 12, 13, 30, 8, 29, 17, 2], "swap", 19, dtype="float16"),
    Case("gpt2-last", "GPT-2, the pair differs at the last position alone; names without prefix and mask buffers, "
         "as in the published gpt2 file", "gpt2", gpt2(3, 2, 16, 32, 71),
         [0, 14, 60, 22, 41], [0, 14, 60, 22, 35], "removal", 118, spelling="published"),
    Case("llama-rope3-bf16", "Llama, llama3 rotary scaling, 3 query heads on 1 key-value head, untied, bfloat16 shards, "
         "config.json as transformers 5 writes it", "llama",
         llama(2, 3, 1, 8, 24, 40, 73, tie_word_embeddings=False, rope_theta=500.0, rope_scaling=LLAMA3_ROPE,
               rms_norm_eps=1e-5),
         [0, 70, 15, 33, 48, 2, 29, 51, 7, 64, 38], [0, 70, 15, 56, 48, 2, 29, 51, 19, 64, 38], "swap", 56,
         dtype="bfloat16", spelling="shards"),
    Case("llama-mha", "Llama, as many key-value heads as heads, config.json of an early version (keys with a default "
         "left out)", "llama",
         llama(2, 4, 4, 6, 24, 44, 64, tie_word_embeddings=False, rope_theta=10000.0, rms_norm_eps=1e-6),
         [0, 20, 9, 47, 31, 31], [0, 20, 58, 47, 31, 31], "removal", 104, spelling="early"),
    Case("gpt2-small-d", "GPT-2, answers with |D| < 0.1 (|F_clean| + |F_corrupted|): normalised values are absent",
         "gpt2", gpt2(2, 4, 20, 36, 89),
         [0, 80, 25, 6, 13, 44], [0, 80, 71, 6, 13, 44], "removal", 3, answers="small"),
    Case("llama-one-layer", "Llama of one layer; the pair differs at the first and the last position; config.json as "
         "transformers 5 writes it, default rotary", "llama",
         llama(1, 2, 2, 10, 20, 28, 60, tie_word_embeddings=True, rope_theta=10000.0, rms_norm_eps=1e-5),
         [1, 40, 22, 37], [2, 40, 22, 11], "swap", 41, spelling="five"),
]
