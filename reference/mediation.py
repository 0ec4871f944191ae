"""Exact mediation and interaction of pairs of heads.

    via[s, t]         = F(s patched) - F(s patched, t held at its base value); 0 for t = s, the same or an earlier layer
    interaction[a, b] = ap(a and b) - ap(a) - ap(b); symmetric, own entry 0
"""

import torch

from runs import BATCH, ends, patched, site


def mediation(pair, direction, ap):
    """(via, interaction), each [L, H, L, H]; `ap` is that of heads, [L, H]"""
    base, other = ends(direction)
    heads = [(layer, head) for layer in range(pair.layers) for head in range(pair.count("heads"))]
    value = lambda which, layer, head: ("heads", layer, head, pair.run(which)[site("heads", layer)][:, head])
    f_base = pair.f(base)
    via = torch.zeros(*ap.shape, *ap.shape, dtype=torch.float64)
    interaction = torch.zeros_like(via)
    held = [(s, t) for s in heads for t in heads if t[0] > s[0]]
    both = [(a, b) for a in heads for b in heads if a < b]
    for (s, t), f in zip(held, metrics(pair, base, [[value(other, *s), value(base, *t)] for s, t in held])):
        via[(*s, *t)] = f_base + ap[s] - f
    for (a, b), f in zip(both, metrics(pair, base, [[value(other, *a), value(other, *b)] for a, b in both])):
        interaction[(*a, *b)] = interaction[(*b, *a)] = f - f_base - ap[a] - ap[b]
    return via, interaction


def metrics(pair, base, edits):
    """F of each edited run"""
    chunks = [patched(pair, base, edits[i : i + BATCH])[0] for i in range(0, len(edits), BATCH)]
    return torch.cat(chunks).tolist() if chunks else []
