"""Writes checkpoints in the spellings that are found in the wild, and reads them back with transformers.

plain      as transformers 4.57 saves it
published  names without "transformer.", and the mask buffers, as in the gpt2 file of 2019
shards     several files with an index; rotary settings under `rope_parameters`, as transformers 5 writes
five       one file; rotary settings as transformers 5 writes
early      `torch_dtype`, and no key that has a default, as in Llama's first files
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from models import FAMILIES

SHARD_SIZE = "12KB"
EARLY_LEFT_OUT = ("head_dim", "num_key_value_heads", "rope_theta", "rope_scaling", "attention_bias", "mlp_bias",
                  "attention_dropout", "pretraining_tp")


def save(model, case, folder):
    folder = Path(folder)
    for old in folder.glob("*.safetensors*"):
        old.unlink()
    model = model.to(getattr(torch, case.dtype))
    more = {"max_shard_size": SHARD_SIZE} if case.spelling == "shards" else {}
    model.save_pretrained(folder, **more)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.spelling == "published":
        publish_names(folder / "model.safetensors", case)
    path = folder / "config.json"
    path.write_text(json.dumps(respell(json.loads(path.read_text()), case.spelling), indent=2) + "\n")


def respell(config, spelling):
    """config.json in the words of another version."""
    if spelling in ("shards", "five"):
        rope = config.pop("rope_scaling") or {"rope_type": "default"}
        config["rope_parameters"] = {**rope, "rope_theta": config.pop("rope_theta")}
        config["transformers_version"] = "5.0.0"
    if spelling == "early":
        config = {key: value for key, value in config.items() if key not in EARLY_LEFT_OUT}
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.28.0"
    return dict(sorted(config.items()))


def publish_names(path, case):
    tensors = {name.removeprefix("transformer."): value for name, value in load_file(path).items()}
    n = case.config["n_positions"]
    for layer in range(case.config["n_layer"]):
        tensors[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(n, n)).view(1, 1, n, n)
    save_file(tensors, path, metadata={"format": "pt"})


def load(folder):
    """The folder's model in float64 (values upcast from what is stored)."""
    config = json.loads((Path(folder) / "config.json").read_text())
    rope = config.pop("rope_parameters", None)
    if rope:
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config_class, model_class = FAMILIES[config["model_type"]]
    model, info = model_class.from_pretrained(
        folder, config=config_class.from_dict(config), dtype=torch.float64, attn_implementation="eager",
        output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    return model.eval()
