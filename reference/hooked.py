"""A transformers model as a TransformerLens HookedTransformer, in float64 unless told otherwise.

`HookedTransformer.from_pretrained` asks a model hub for the configuration, so it is written out here; the weights go
through TransformerLens's own conversion and processing.
"""

import logging

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights, convert_llama_weights

logging.getLogger().setLevel(logging.ERROR)  # it warns that RMSNorm models are not centred, as they should not be


def gpt2_config(c):
    return dict(n_layers=c.n_layer, n_heads=c.n_head, d_model=c.n_embd, d_head=c.n_embd // c.n_head,
                d_mlp=c.n_inner or 4 * c.n_embd, n_ctx=c.n_positions, eps=c.layer_norm_epsilon,
                d_vocab=c.vocab_size, act_fn=c.activation_function, normalization_type="LN",
                original_architecture="GPT2LMHeadModel")


def llama_config(c):
    kv_heads = None if c.num_key_value_heads == c.num_attention_heads else c.num_key_value_heads
    config = dict(n_layers=c.num_hidden_layers, n_heads=c.num_attention_heads, n_key_value_heads=kv_heads,
                  d_model=c.hidden_size, d_head=c.head_dim, d_mlp=c.intermediate_size,
                  n_ctx=c.max_position_embeddings, eps=c.rms_norm_eps, d_vocab=c.vocab_size, act_fn=c.hidden_act,
                  normalization_type="RMS", positional_embedding_type="rotary", rotary_adjacent_pairs=False,
                  rotary_dim=c.head_dim, rotary_base=c.rope_theta, final_rms=True, gated_mlp=True,
                  original_architecture="LlamaForCausalLM")
    if c.rope_scaling:
        # TransformerLens takes n_ctx for the original context length, so n_ctx has to be that.
        rope = c.rope_scaling
        config |= dict(use_NTK_by_parts_rope=True, NTK_by_parts_factor=rope["factor"],
                       NTK_by_parts_low_freq_factor=rope["low_freq_factor"],
                       NTK_by_parts_high_freq_factor=rope["high_freq_factor"],
                       n_ctx=rope["original_max_position_embeddings"])
    return config


def hook(hf_model, raw=False, dtype=torch.float64):
    """Processed as `from_pretrained` does (norms folded, writing weights and unembedding centred, value biases folded),
    or raw."""
    c = hf_model.config
    config, convert = ((gpt2_config(c), convert_gpt2_weights) if c.model_type == "gpt2"
                       else (llama_config(c), convert_llama_weights))
    if not raw:
        config["normalization_type"] += "Pre"
    config = HookedTransformerConfig(**config, use_attn_result=True, use_hook_mlp_in=True, device="cpu",
                                     dtype=dtype, init_weights=False)
    model = HookedTransformer(config)
    weights = {name: value.detach().clone() for name, value in convert(hf_model, config).items()}
    model.load_and_process_state_dict(weights, fold_ln=not raw, center_writing_weights=not raw,
                                      center_unembed=not raw, fold_value_biases=not raw)
    return model.eval()
