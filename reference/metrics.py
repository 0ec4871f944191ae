"""Other metrics than the logit difference, each from its definition, through patching and integrated gradients.

With p the softmax of the logits at the last token:

    set_difference.probability   sum of p over `positive` - sum of p over `negative`
    set_difference.logit         logsumexp of the logits over `positive` - that over `negative`
    log_probability              log p[answer]
    kl_divergence                sum of q (log q - log p), q the clean run's p

The sets are the answer and the two tokens after it, and the wrong answer and the one before it (modulo the vocabulary,
without what the other set has).
"""

from dataclasses import dataclass

import torch

from attribution import layer_patched, layer_scores, to_components
from runs import BATCH, DIRECTIONS, KINDS, Pair, ends, gradients, patched, site

STEPS = 50


@dataclass
class Measured(Pair):
    """A pair with a metric of its own: `measure` takes the last token's logits [batch, vocab]."""

    measure: object = None

    def metric(self, logits):
        return self.measure(logits[:, -1])


def sets(pair):
    """(positive, negative)"""
    vocab = pair.model.cfg.d_vocab
    positive = [t for t in ((pair.answer + i) % vocab for i in range(3)) if t != pair.wrong]
    negative = [t for t in ((pair.wrong - i) % vocab for i in range(2)) if t not in positive]
    return positive, negative


def measures(pair):
    """{name: function of logits [batch, vocab]}"""
    positive, negative = sets(pair)
    clean = pair.run("clean")["logits"][-1].log_softmax(-1)

    def probability(logits):
        p = logits.softmax(-1)
        return p[:, positive].sum(-1) - p[:, negative].sum(-1)

    return {
        "set_difference.probability": probability,
        "set_difference.logit": lambda x: x[:, positive].logsumexp(-1) - x[:, negative].logsumexp(-1),
        "log_probability": lambda x: x.log_softmax(-1)[:, pair.answer],
        "kl_divergence": lambda x: (clean.exp() * (clean - x.log_softmax(-1))).sum(-1),
    }


def metric_arrays(pair):
    """{name: float64 tensor}"""
    out = dict(zip(("positive", "negative"), (torch.tensor(tokens) for tokens in sets(pair))))
    for name, measure in measures(pair).items():
        measured = Measured(pair.model, pair.clean, pair.corrupted, pair.answer, pair.wrong, pair.runs, measure)
        out[f"{name}.metric"] = torch.tensor([measured.f("clean"), measured.f("corrupted")], dtype=torch.float64)
        for direction in DIRECTIONS:
            for kind in KINDS:
                way = f"{direction}.{kind}"
                out[f"{name}.ap.{way}"] = patching(measured, direction, kind)
                out[f"{name}.attribution_patching.{way}"] = attribution_patching(measured, direction, kind)
                out[f"{name}.ig.{way}"] = layer_scores(measured, direction, kind, STEPS).sum(1)
                out[f"{name}.layer_patched.{way}"] = layer_patched(measured, direction, kind)
    return out


def patching(pair, direction, kind, every=1):
    """F(patched) - F(base) of every component alone, or of each `every`th of a layer: [layer, component]"""
    base, other = ends(direction)
    layers = []
    for layer in range(pair.layers):
        value = pair.run(other)[site(kind, layer)]
        edits = [[(kind, layer, i, value[:, i])] for i in range(0, pair.count(kind), every)]
        parts = [patched(pair, base, edits[start:start + BATCH])[0] for start in range(0, len(edits), BATCH)]
        layers.append(torch.cat(parts) - pair.f(base))
    return torch.stack(layers)


def attribution_patching(pair, direction, kind):
    """gradient at the base run x (other - base): [layer, component]"""
    base, other = ends(direction)
    slopes = gradients(pair, base)
    names = [site(kind, layer) for layer in range(pair.layers)]
    return torch.stack([
        to_components(kind, (pair.run(other)[name] - pair.run(base)[name]) * slopes[name]).sum(0) for name in names])
