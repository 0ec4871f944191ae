"""Everything that a case's expected.safetensors holds."""

import torch

from attribution import captum_scores, defined_scores, layer_patched, layer_scores
from effects import MEASURES, effects, gains, ledger
from hooked import hook
from mediation import mediation
from runs import DIRECTIONS, KINDS, Pair, gradients, site

MANY_STEPS = 300


@torch.no_grad()
def plain_logits(hf_model, ids):
    """[pos, vocab] from transformers"""
    return hf_model(torch.tensor([ids])).logits[0]


def make_pair(hf_model, case, raw=False):
    return Pair(hook(hf_model, raw), case["clean"], case["corrupted"], case["answer"], case["wrong"])


def expected(hf_model, case, extras=()):
    """{name: float64 tensor}. `case` is the content of case.json."""
    pair = make_pair(hf_model, case)
    out = {"metric": torch.tensor([pair.f("clean"), pair.f("corrupted")], dtype=torch.float64)}
    for which in ("clean", "corrupted"):
        out[f"hf.{which}.logits"] = plain_logits(hf_model, case[which])
    out["tl.clean.logits"] = pair.run("clean")["logits"]
    out |= named("cache.", pair.run("clean"))
    if "raw" in extras:
        out |= raw_weights(make_pair(hf_model, case, raw=True), case)
    if "gradients" in extras:
        out |= named("grad.", gradients(pair, "clean"))
    out |= {f"full.{kind}": full_change(pair, kind) for kind in KINDS}
    for direction in DIRECTIONS:
        out |= integrated_gradients(pair, direction, case.get("steps", 50))
        out |= patching(pair, direction)
    return out


def named(prefix, values):
    return {prefix + name: value for name, value in values.items() if name != "logits"}


def raw_weights(pair, case):
    """The run, scores and effects with unprocessed weights; neurons_to_neurons is left out for its size"""
    out = named("cache.", pair.run("clean")) | {"tl.clean.logits": pair.run("clean")["logits"]}
    for direction in DIRECTIONS:
        out |= integrated_gradients(pair, direction, case.get("steps", 50)) | patching(pair, direction)
    kept = ("cache.", "tl.", "ig.", "ap.", "own.", "gain.", "ledger.", *DIRECTIONS)
    return {f"raw.{name}": value for name, value in out.items()
            if name.startswith(kept) and "neurons_to_neurons" not in name}


def full_change(pair, kind):
    """|corrupted - clean| of each component at the last token, [L, n]: what `shift` divides by, before squaring"""
    change = [pair.run("corrupted")[site(kind, l)][-1] - pair.run("clean")[site(kind, l)][-1] for l in range(pair.layers)]
    return torch.stack(change).norm(dim=-1) if kind == "heads" else torch.stack(change).abs()


def integrated_gradients(pair, direction, steps):
    out = {}
    for kind in KINDS:
        scores = layer_scores(pair, direction, kind, steps)
        own_scores = layer_scores(pair, direction, kind, steps, defined_scores)
        assert torch.allclose(scores, own_scores, rtol=1e-5, atol=1e-6 * float(scores.abs().max())), "Captum differs"
        whole = layer_patched(pair, direction, kind)
        many = layer_scores(pair, direction, kind, MANY_STEPS).sum(1)
        out |= {f"ig.{direction}.{kind}.positions": scores, f"ig300.{direction}.{kind}": many,
                f"layer_patched.{direction}.{kind}": whole,
                f"completeness.{direction}.{kind}": scores.sum((1, 2)) - whole,
                f"completeness300.{direction}.{kind}": many.sum(1) - whole}
    return out


def patching(pair, direction):
    ap, own, matrices = effects(pair, direction)
    out = {}
    for kind in KINDS:
        out |= {f"ap.{direction}.{kind}": ap[kind], f"own.{direction}.{kind}": own[kind],
                f"gain.{direction}.{kind}": gains(own, matrices, kind),
                f"ledger.{direction}.{kind}": ledger(ap, matrices, kind)}
    for (source, target, measure), matrix in matrices.items():
        suffix = "" if measure == "change" else f"_{measure}"
        out[f"{direction}.{source}_to_{target}{suffix}"] = matrix
    out[f"{direction}.via"], out[f"{direction}.interaction"] = mediation(pair, direction, ap["heads"])
    return out
