"""Layer integrated gradients with Captum, and the same from its definition.

For one layer and kind: what comes before is the base run's, the layer's activation a moves in a straight line from
base to other, what follows is recomputed:

    score = (other - base) * sum_k w_k dF/da at base + x_k (other - base)

with Gauss-Legendre points x_k and weights w_k on [0, 1] (Sundararajan et al. 2017; Captum's method "gausslegendre").
Captum's LayerIntegratedGradients holds the rest at `inputs` and moves from `baselines` to `inputs`, so the score is
minus its attribution with inputs = base, baselines = other. A head's score sums over d_model.
"""

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients

from runs import ends, patched, site


def to_components(kind, scores):
    """[pos, head, d_model] or [pos, neuron] -> [pos, component]"""
    return scores.sum(-1) if kind == "heads" else scores


def captum_scores(pair, direction, kind, layer, steps):
    """[pos, component]"""
    base, other = ends(direction)
    module = pair.model.hook_dict[site(kind, layer)]
    scores = LayerIntegratedGradients(pair.forward, module).attribute(
        pair.tokens(base), baselines=pair.tokens(other), n_steps=steps, method="gausslegendre")
    return -to_components(kind, scores[0].detach())


def defined_scores(pair, direction, kind, layer, steps):
    """[pos, component], from the formula above"""
    base, other = ends(direction)
    name = site(kind, layer)
    start, end = pair.run(base)[name], pair.run(other)[name]
    points, weights = np.polynomial.legendre.leggauss(steps)
    mean_gradient = torch.zeros_like(start)
    for point, weight in zip((points + 1) / 2, weights / 2):
        value = (start + point * (end - start)).detach().requires_grad_()
        logits = pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=[(name, lambda act, hook: value[None])])
        mean_gradient += weight * torch.autograd.grad(pair.metric(logits)[0], value)[0]
    return to_components(kind, (end - start) * mean_gradient)


def layer_scores(pair, direction, kind, steps, method=captum_scores):
    """[layer, pos, component]"""
    return torch.stack([method(pair, direction, kind, layer, steps) for layer in range(pair.layers)])


def layer_patched(pair, direction, kind):
    """F(whole layer patched) - F(base), [layer]: what the scores of each layer sum to, up to quadrature"""
    base, other = ends(direction)
    edits = [[(kind, layer, slice(None), pair.run(other)[site(kind, layer)])] for layer in range(pair.layers)]
    return patched(pair, base, edits)[0] - pair.f(base)
