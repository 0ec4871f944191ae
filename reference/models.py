"""Random models of the two families.

All parameters are random, biases and norm gains included: a bias of 0 or a gain of 1 would hide a mistake in the weight
processing. The scales keep logits of order 1 and attention far from uniform.
"""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

FAMILIES = {"gpt2": (GPT2Config, GPT2LMHeadModel), "llama": (LlamaConfig, LlamaForCausalLM)}
EMBED_SD, BIAS_SD, GAIN_SD = 0.4, 0.2, 0.3
READ_GAIN, WRITE_GAIN = 1.4, 0.8  # of matrices that read from, and write to, the residual stream
WRITERS = ("attn.c_proj", "mlp.c_proj", "o_proj", "down_proj")


def build(case):
    """The transformers model of a case in float32, its weights drawn from the case's seed."""
    config_class, model_class = FAMILIES[case.family]
    model = model_class(config_class(**case.config, attn_implementation="eager")).eval()
    generator = torch.Generator().manual_seed(case.seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(draw(name, weight, generator))
    return model


def draw(name, weight, generator):
    noise = torch.randn(weight.shape, generator=generator)
    if weight.ndim == 1:
        is_gain = name.endswith("weight")
        return 1 + GAIN_SD * noise if is_gain else BIAS_SD * noise
    if any(part in name for part in ("wte", "wpe", "embed_tokens", "lm_head")):
        return EMBED_SD * noise
    fan_in = weight.shape[0] if "c_" in name else weight.shape[1]  # GPT-2's Conv1D stores [in, out]
    gain = WRITE_GAIN if any(part in name for part in WRITERS) else READ_GAIN
    return gain * noise / fan_in**0.5


def pick_answers(clean, corrupted, rule):
    """Two token ids (answer, wrong) for last-token logits [vocab] of both runs.

    clear: the answer is what the corruption hurts most, wrong what it helps most (D is large).
    small: the largest |F_clean| + |F_corrupted| among pairs with |D| between 2% and 6% of it and F_clean > 0.
    """
    loss = clean - corrupted
    if rule == "clear":
        return int(loss.argmax()), int(loss.argmin())
    f_clean, f_corrupted = (x[:, None] - x[None, :] for x in (clean, corrupted))
    size = f_clean.abs() + f_corrupted.abs()
    share = (f_clean - f_corrupted).abs() / size.clamp_min(1e-9)
    allowed = (share > 0.02) & (share < 0.06) & (f_clean > 0)
    best = int(torch.where(allowed, size, torch.zeros_like(size)).argmax())
    return best // len(clean), best % len(clean)
