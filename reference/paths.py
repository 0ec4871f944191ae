"""Direct effects, path patching, heads by position, ablation: every definition done literally with hooks.

    frozen_all    all heads and neurons held at their base values but the source, which has its other value
    frozen_heads  all heads held at their base values but the source; MLPs are recomputed
    path          run 1: the sender has its other value, all other heads are held at base (and the MLPs, `frozen_mlps`); the
                  receiver's q (k, v) of run 1 is put into run 2, which is the base run otherwise
    position      a head has its other value at one position
    ablation      several components at once

All are F(run) - F(base run).
"""

import torch

from runs import BATCH, DIRECTIONS, KINDS, ends, site

INPUTS = ("q", "k", "v")


def hold(act, value):
    """Puts a [pos, ...] value into every row of a batch."""
    return value.expand_as(act).clone()


@torch.no_grad()
def frozen(pair, direction, kind, layer, sources, free_mlps, record=()):
    """Rows of `sources`, each with its other value, all other heads at base; MLPs are recomputed or at base too.
    Returns F [batch] and the hooks named in `record`."""
    base, other = (pair.run(which) for which in ends(direction))
    seen, here = {}, site(kind, layer)

    def edit(act, hook):
        is_mlp = hook.name.endswith("hook_post")
        act = act.clone() if is_mlp and free_mlps else hold(act, base[hook.name])
        if hook.name == here:
            for row, index in enumerate(sources):
                act[row, :, index] = other[here][:, index]
        return act

    def keep(act, hook):
        seen[hook.name] = act

    hooks = [(site(each, l), edit) for each in KINDS for l in range(pair.layers)] + [(name, keep) for name in record]
    tokens = pair.tokens(ends(direction)[0]).expand(len(sources), -1)
    return pair.metric(pair.model.run_with_hooks(tokens, fwd_hooks=hooks)), seen


@torch.no_grad()
def receive(pair, direction, values):
    """F of the base run where hooks get values: {hook name: [(head, value [batch, pos, d_head])]}."""
    def put(act, hook):
        act = act.clone()
        for head, value in values[hook.name]:
            act[:, :, head] = value
        return act

    rows = next(iter(values.values()))[0][1].shape[0]
    tokens = pair.tokens(ends(direction)[0]).expand(rows, -1)
    return pair.metric(pair.model.run_with_hooks(tokens, fwd_hooks=[(name, put) for name in values]))


def read_head(pair, which, head):
    """The index of what a query head reads: its own q, or the k and v that its group shares."""
    kv = pair.model.cfg.n_key_value_heads or pair.model.cfg.n_heads
    return head if which == "q" else head * kv // pair.model.cfg.n_heads


def batches(count):
    return [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]


def empty(pair, *shape):
    return torch.zeros(*shape, dtype=torch.float64)


def direct(pair, direction):
    out = {}
    for kind in KINDS:
        for name, free_mlps in (("frozen_all", False), ("frozen_heads", True)):
            scores = empty(pair, pair.layers, pair.count(kind))
            for layer in range(pair.layers):
                for sources in batches(pair.count(kind)):
                    f, _ = frozen(pair, direction, kind, layer, sources, free_mlps)
                    scores[layer, sources] = f - pair.f(ends(direction)[0])
            out[f"direct.{name}.{direction}.{kind}"] = scores
    return out


def path(pair, direction, which, kind, free_mlps, receivers):
    """[L, n] scores of senders to a set of receivers, all at once."""
    hook = lambda layer: f"blocks.{layer}.attn.hook_{which}"
    scores = empty(pair, pair.layers, pair.count(kind))
    names = sorted({hook(layer) for layer, _ in receivers})
    for layer in range(pair.layers):
        for senders in batches(pair.count(kind)):
            _, seen = frozen(pair, direction, kind, layer, senders, free_mlps, names)
            values = {}
            for to, head in receivers:
                index = read_head(pair, which, head)
                values.setdefault(hook(to), []).append((index, seen[hook(to)][:, :, index]))
            scores[layer, senders] = receive(pair, direction, values) - pair.f(ends(direction)[0])
    return scores


def paths(pair, direction):
    """Every head of the last layer as a receiver by itself, [H, L, n]; and the first heads of the last two layers together."""
    last = pair.layers - 1
    together = [(last - 1, 0), (last, 0)]
    out = {}
    for which in INPUTS:
        for kind in KINDS:
            for suffix, free_mlps in (("", True), (".mlps_frozen", False)):
                name = f"path.{direction}.{which}.{kind}{suffix}"
                if kind == "heads" or which == "q":
                    out[name] = torch.stack([path(pair, direction, which, kind, free_mlps, [(last, head)])
                                             for head in range(pair.count("heads"))])
                out[name + ".together"] = path(pair, direction, which, kind, free_mlps, together)
    return out


@torch.no_grad()
def positions(pair, direction):
    """[L, pos, H]"""
    base, other = ends(direction)
    length, heads = len(pair.clean), pair.count("heads")
    scores = empty(pair, pair.layers, length, heads)
    for layer in range(pair.layers):
        name = site("heads", layer)

        def edit(act, hook):
            act = act.clone()
            for row in range(length * heads):
                p, h = divmod(row, heads)
                act[row, p, h] = pair.run(other)[name][p, h]
            return act

        tokens = pair.tokens(base).expand(length * heads, -1)
        f = pair.metric(pair.model.run_with_hooks(tokens, fwd_hooks=[(name, edit)]))
        scores[layer] = (f - pair.f(base)).reshape(length, heads)
    return scores


ABLATED = {"heads": [(0, 0), (1, 1), (1, 0)], "neurons": [(0, 3), (0, 7), (1, 5)]}  # mirrored in test/mediation/ablation.test.ts


@torch.no_grad()
def ablation(pair, direction):
    """[5]: F of the base prompt with ABLATED at the other run's value, 0, the mean of both prompts by position, the mean of
    both and a shorter prompt over all positions, and twice the present value"""
    base, other = ends(direction)
    short = pair.model.run_with_cache(torch.tensor([pair.clean[:3]]))[1]
    means = {}
    for kind in KINDS:
        for layer in {l for l, _ in ABLATED[kind]}:
            name = site(kind, layer)
            both = torch.stack([pair.run("clean")[name], pair.run("corrupted")[name]])
            means[name] = (both.mean(0), torch.cat([both.flatten(0, 1), short[name][0]]).mean(0))

    def f(value):
        def edit(act, hook):
            act = act.clone()
            for kind in KINDS:
                for layer, index in ABLATED[kind]:
                    if site(kind, layer) == hook.name:
                        act[0, :, index] = value(hook.name, index, act[0, :, index])
            return act

        names = {site(kind, layer) for kind in KINDS for layer, _ in ABLATED[kind]}
        return float(pair.metric(pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=[(name, edit) for name in names])))

    return torch.tensor([
        f(lambda name, i, act: pair.run(other)[name][:, i]),
        f(lambda name, i, act: torch.zeros_like(act)),
        f(lambda name, i, act: means[name][0][:, i]),
        f(lambda name, i, act: means[name][1][i].expand_as(act)),
        f(lambda name, i, act: 2 * act),
    ], dtype=torch.float64)


def path_arrays(pair):
    """Everything that a case's paths.safetensors holds: {name: float64 tensor}."""
    out = {}
    for direction in DIRECTIONS:
        out |= direct(pair, direction) | paths(pair, direction)
        out[f"ap.{direction}.heads.positions"] = positions(pair, direction)
        out[f"ablation.{direction}"] = ablation(pair, direction)
    return out
