"""GPT-2 in the few lines that training and evaluation need, and its files as transformers writes them."""
import json
import math
import os
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT = 4, 8, 128, 64
INNER = 4 * WIDTH


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.c_attn, self.attn_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.c_fc, self.mlp_proj = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (t.view(batch, length, HEADS, -1).transpose(1, 2) for t in self.c_attn(self.ln_1(x)).chunk(3, dim=-1))
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(z.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.dim() == 2:
                std = 0.02 if name.startswith("w") else 0.06
                nn.init.normal_(p, std=std / math.sqrt(2 * LAYERS) if "proj" in name else std)

    def forward(self, ids):
        """The final residual stream, normalised; `logits` turns (a selection of) it into logits."""
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.ln_f(x)

    def logits(self, x):
        return x @ self.wte.weight.T


def tensors(model):
    """transformers' names; its Conv1D holds weights as [in, out]. The unembedding is the embedding: no tensor."""
    names = {"c_attn": "attn.c_attn", "attn_proj": "attn.c_proj", "c_fc": "mlp.c_fc", "mlp_proj": "mlp.c_proj"}
    out = {}
    for name, p in model.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks":
            if parts[2] in names and parts[3] == "weight":
                p = p.T
            name = f"h.{parts[1]}.{names.get(parts[2], parts[2])}.{parts[3]}"
        out["transformer." + name] = p
    return out


def save(model, tokenizer, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: p.detach().to(torch.float16).contiguous() for name, p in tensors(model).items()}
    save_file(half, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.0, "bos_token_id": 0,
        "dtype": "float16", "embd_pdrop": 0.0, "eos_token_id": 0, "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": CONTEXT, "n_embd": WIDTH, "n_head": HEADS,
        "n_inner": INNER, "n_layer": LAYERS, "n_positions": CONTEXT, "reorder_and_upcast_attn": False,
        "resid_pdrop": 0.0, "scale_attn_by_inverse_layer_idx": False, "scale_attn_weights": True,
        "summary_activation": None, "summary_first_dropout": 0.1, "summary_proj_to_labels": True,
        "summary_type": "cls_index", "summary_use_proj": True, "tie_word_embeddings": True,
        "transformers_version": "4.57.1", "use_cache": True, "vocab_size": tokenizer.get_vocab_size(),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    end = "<|endoftext|>"
    special = {"content": end, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    settings = {"add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": {"0": special},
                "bos_token": end, "clean_up_tokenization_spaces": False, "eos_token": end,
                "model_max_length": CONTEXT, "tokenizer_class": "GPT2Tokenizer", "unk_token": end}
    os.chmod(folder / "model.safetensors", 0o644)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def load(folder):
    """The stored F16 weights, for arithmetic in float32."""
    stored = load_file(Path(folder) / "model.safetensors")
    model = Model(stored["transformer.wte.weight"].shape[0])
    with torch.no_grad():
        for name, p in tensors(model).items():
            p.copy_(stored[name].float())   # tensors() gives views of the parameters
    return model.eval()
