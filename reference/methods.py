"""Methods that score components: attribution patching, AtP* and Split-IG, from their definitions.

Scores are in units of F and estimate F(patched) - F(base); positions are summed.

Attribution patching: (other - base) * dF/dc at the base run.

AtP* (Kramar et al. 2024). Each query and each key of a head is patched by a run of its own, and the head's attention
pattern is read from that run; each value by a run too. The change of the head's output is then linear: change of
pattern times the base run's values, or the change of `hook_z` where values are patched. The way back runs with one
block's two writes detached (`dropped`). Score = mean over dropped layers of |sum over the head's nodes|, the node's own
layer giving 0 and not counted: 1 / (L - 1); with one layer nothing is dropped.

Split-IG (Miglani et al. 2020) on the path of layer integrated gradients: alpha is the first place where F has moved by
0.9 of its whole change, looked for at 32 equal intervals and then by bisection.
"""

import numpy as np
import torch

from attribution import to_components
from runs import DIRECTIONS, KINDS, ends, gradients, site

PHI, INTERVALS, HALVINGS, STEPS = 0.9, 32, 60, 50


def methods(pair):
    """{name: float64 tensor}"""
    out = {}
    for direction in DIRECTIONS:
        base, other = ends(direction)
        for kind in KINDS:
            name = f"{direction}.{kind}"
            out[f"attribution_patching.{name}.positions"] = attribution_patching(pair, base, other, kind)
            out[f"atp_star.{name}"] = atp_star(pair, base, other, kind)
            out[f"atp_star.{name}.undropped"] = undropped(pair, base, other, kind)
            layers = [split_ig(pair, base, other, kind, layer) for layer in range(pair.layers)]
            for i, part in enumerate(("unsaturated", "saturated", "alpha")):
                out[f"split_ig.{name}.{part}"] = torch.stack([scores[i] for scores in layers])
    return out


def attribution_patching(pair, base, other, kind):
    """[layer, pos, component]"""
    slopes = gradients(pair, base)
    names = [site(kind, layer) for layer in range(pair.layers)]
    return torch.stack([
        to_components(kind, (pair.run(other)[name] - pair.run(base)[name]) * slopes[name]) for name in names])


# AtP*


def with_dropped(pair, which, dropped, names):
    """dF/d(value) at hooks of a run in which block `dropped` passes nothing back; 0 where nothing comes."""
    values = {}

    def keep(act, hook):
        values[hook.name] = act.requires_grad_() if act.is_leaf else act
        return values[hook.name]

    cut = [f"blocks.{dropped}.hook_attn_out", f"blocks.{dropped}.hook_mlp_out"]
    hooks = [(name, keep) for name in names] + [(name, lambda act, hook: act.detach()) for name in cut]
    f = pair.metric(pair.model.run_with_hooks(pair.tokens(which), fwd_hooks=hooks))[0]
    slopes = torch.autograd.grad(f, [values[name] for name in names], allow_unused=True)
    return {name: torch.zeros_like(values[name][0]) if slope is None else slope[0]
            for name, slope in zip(names, slopes)}


def z_change(pair, base, other, layer):
    """The change of hook_z [pos, head, d_head] that each head's nodes make, each patched alone."""
    prefix = f"blocks.{layer}.attn."
    run, given = pair.run(base), pair.run(other)
    heads = pair.model.cfg.n_heads
    repeated = lambda value: value.repeat_interleave(heads // value.shape[1], dim=1)  # key-value heads of a group
    values = repeated(run[prefix + "hook_v"])
    pattern = run[prefix + "hook_pattern"]

    def patched(which, position, read):
        def edit(act, hook):
            act = act.clone()
            act[:, position] = given[hook.name][position]
            return act

        seen = {}
        with torch.no_grad():
            pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=[
                (f"{prefix}hook_{which}", edit), (prefix + read, lambda act, hook: seen.update(value=act[0]))])
        return seen["value"]

    change = patched("v", slice(None), "hook_z") - run[prefix + "hook_z"]
    for position in range(len(pair.clean)):
        for which in "qk":
            moved = patched(which, position, "hook_pattern") - pattern  # [head, query, key]
            change = change + torch.einsum("hqk,khd->qhd", moved, values)
    return change


def changes(pair, base, other, kind):
    """(hook name, change of its value by the component's nodes), per layer"""
    if kind == "heads":
        return [(f"blocks.{layer}.attn.hook_z", z_change(pair, base, other, layer)) for layer in range(pair.layers)]
    names = [site(kind, layer) for layer in range(pair.layers)]
    return [(name, pair.run(other)[name] - pair.run(base)[name]) for name in names]


def summed(kind, product):
    """[pos, head, d_head] or [pos, neuron] -> [component]"""
    return product.sum((0, 2)) if kind == "heads" else product.sum(0)


def undropped(pair, base, other, kind):
    """[layer, component]: with the correction of queries and keys alone, signed"""
    slopes = gradients(pair, base)
    return torch.stack([summed(kind, change * slopes[name]) for name, change in changes(pair, base, other, kind)])


def atp_star(pair, base, other, kind):
    """[layer, component]"""
    if pair.layers == 1:
        return undropped(pair, base, other, kind).abs()
    moved = changes(pair, base, other, kind)
    total = 0
    for dropped in range(pair.layers):
        slopes = with_dropped(pair, base, dropped, [name for name, _ in moved])
        scores = torch.stack([summed(kind, change * slopes[name]) for name, change in moved])
        assert (scores[dropped] == 0).all(), "a dropped layer's own nodes have no gradient"
        total = total + scores.abs()
    return total / (pair.layers - 1)


# Split-IG


def split_ig(pair, base, other, kind, layer):
    """(unsaturated [component], saturated [component], alpha [])"""
    name = site(kind, layer)
    start = pair.run(base)[name]
    line = pair.run(other)[name] - start

    def f(alpha):
        """F with the layer at a place of the path, and the place's value"""
        value = (start + alpha * line).detach().requires_grad_()
        logits = pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=[(name, lambda act, hook: value[None])])
        return pair.metric(logits)[0], value

    def integral(low, high):
        points, weights = np.polynomial.legendre.leggauss(STEPS)
        total = torch.zeros_like(start)
        for point, weight in zip((points + 1) / 2, weights / 2):
            moved, value = f(low + (high - low) * point)
            total += (high - low) * weight * torch.autograd.grad(moved, value)[0]
        return to_components(kind, line * total).sum(0)

    alpha = saturation(lambda place: float(f(place)[0].detach()))
    return integral(0, alpha), integral(alpha, 1), torch.tensor(alpha, dtype=torch.float64)


def saturation(f):
    first, change = f(0.0), f(1.0) - f(0.0)
    if change == 0:
        return 1.0
    reached = lambda place: (f(place) - first) / change >= PHI
    high = next(i for i in range(1, INTERVALS + 1) if reached(i / INTERVALS)) / INTERVALS
    low = high - 1 / INTERVALS
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
