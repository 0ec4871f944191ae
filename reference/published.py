"""The published notebook's own indexing and averaging, run literally: its loops, its slices, its means.

    for head in range(n_heads):        act[:, head] = other[:, head]    at hook_result [batch, pos, head, d_model]
    for neuron in range(d_mlp):        act[:, head] = other[:, head]    at hook_post [batch, pos, d_mlp]

The second axis is the position, and `head` keeps its last value in the second loop. The change of every head's output
at the last token is averaged over d_model; integrated gradients are averaged over positions, and for heads d_model.

Each case is run on its whole prompts, and ("short.") on their first tokens, as many as there are heads: the last head's
number is then the last token, so that what is replaced stands there itself.
"""

import torch
from captum.attr import LayerIntegratedGradients

from effects import Measures, reaches
from runs import DIRECTIONS, KINDS, Pair, ends, site

MEASURES = ("change", "mean", "through", "direct")


def published(pair, steps):
    """{name: float64 tensor}"""
    short = Pair(pair.model, pair.clean[:pair.count("heads")], pair.corrupted[:pair.count("heads")], pair.answer, pair.wrong)
    out = {}
    for prefix, each in (("", pair), ("short.", short)):
        for direction in DIRECTIONS:
            arrays = published_effects(each, direction) | published_gradients(each, direction, steps)
            out |= {prefix + name: value.detach() for name, value in arrays.items()}
    return out


def published_effects(pair, direction):
    """`ap` [L, H or M], `own` and `ledger` of the source, and the matrices [L, H, L, T] of heads. Neurons of a layer are
    all alike, which is checked: theirs are kept once, [L, L, T]."""
    heads, out = pair.count("heads"), {}
    measures = Measures(pair, direction)
    for kind in KINDS:
        found = []
        for layer in range(pair.layers):
            for component in range(pair.count(kind)):
                if kind == "heads":
                    head = component  # in the loop over neurons it keeps its last value
                found.append(replaced(pair, measures, direction, kind, layer, head))
        for name in found[0]:
            values = torch.stack([each[name] for each in found]).unflatten(0, (pair.layers, pair.count(kind)))
            if kind == "neurons":
                assert (values == values[:, :1]).all(), "neurons of a layer differ"
                values = values[:, 0]
            out[name.format(direction=direction)] = values
        assert head == heads - 1
    return out


@torch.no_grad()
def replaced(pair, measures, direction, kind, layer, head):
    """One run of `base` with `act[:, head]` of the other run in one layer; what it changes."""
    base, other = ends(direction)
    values = {}

    def replace(act, hook):
        act[:, head] = pair.run(other)[hook.name][None][:, head]
        return act

    def record(act, hook):
        values[hook.name] = act.clone()

    recorders = [(site(each, l), record) for each in KINDS for l in range(pair.layers)]
    logits = pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=[(site(kind, layer), replace), *recorders])
    ap = pair.metric(logits)[0] - pair.f(base)
    found = {f"ap.{{direction}}.{kind}": ap, f"own.{{direction}}.{kind}": own_change(measures, kind, layer, values)}
    by = {name: torch.zeros((), dtype=torch.float64) for name in ("own", *KINDS)}
    for target in KINDS:
        rows = {measure: torch.zeros(pair.layers, pair.count(target), dtype=torch.float64) for measure in MEASURES}
        for l in range(pair.layers):
            change = values[site(target, l)] - measures.base[site(target, l)]
            is_own = (target, l) == (kind, layer)
            if not is_own and not reaches(kind, layer, target, l):
                assert (change == 0).all(), "an earlier layer changed"
                continue
            of = measures.all(target, l, change)
            for measure in MEASURES:
                rows[measure][l] = of[measure][0]
            by["own" if is_own else target] += of["direct"][0].sum()
        for measure in ("change", "mean", "through"):
            suffix = "" if measure == "change" else f"_{measure}"
            found[f"{{direction}}.{kind}_to_{target}{suffix}"] = rows[measure]
    found[f"ledger.{{direction}}.{kind}"] = torch.stack([*by.values(), ap - sum(by.values())])
    return found


def own_change(measures, kind, layer, values):
    """norm over all positions of the change of what the whole layer writes"""
    change = (values[site(kind, layer)] - measures.base[site(kind, layer)])[0]
    return (change.sum(1) if kind == "heads" else change @ measures.writes(layer)).norm()


def published_gradients(pair, direction, steps):
    """Captum's attributions with means in place of sums; signs as everywhere here (attribution.py)"""
    base, other = ends(direction)
    out = {}
    for kind in KINDS:
        scores = []
        for layer in range(pair.layers):
            module = pair.model.hook_dict[site(kind, layer)]
            attribution = -LayerIntegratedGradients(pair.forward, module).attribute(
                pair.tokens(base), baselines=pair.tokens(other), n_steps=steps, method="gausslegendre")[0]
            scores.append(attribution.mean(-1) if kind == "heads" else attribution)
        by_position = torch.stack(scores)
        out[f"ig.{direction}.{kind}.positions"] = by_position
        out[f"ig.{direction}.{kind}"] = by_position.mean(1)
    return out
