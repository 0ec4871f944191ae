"""Activation patching and effect matrices: a source is patched, and the change of every target is measured.

Measures of the change of a target t, whose write to the residual stream is its output (head) or its value times its row
of W_out (neuron); "last" is the last token:

    change   head: norm of the change at last; neuron: the change at last, signed
    l2       norm of the change of the write at last
    through  sum over positions of <change, dF/dt at the base run>
    direct   <change of the write at last (centred for LayerNorm), unembedding direction> / the base run's final scale
    shift    <change, other - base> / |other - base|^2 at last: 1 is "moved wholly"; NaN where the denominator is 0
    mean     head: mean over d_model of the change at last; neuron: the change

A target that the source cannot reach is exactly 0: earlier layers, and the source's own layer except head -> neuron.
The source's own entry is its own change.
"""

import torch

from runs import BATCH, KINDS, ends, gradients, patched, site

MEASURES = ("change", "l2", "through", "direct", "shift", "mean")


def reaches(source_kind, source_layer, target_kind, target_layer):
    same_block = source_kind == "heads" and target_kind == "neurons"
    return target_layer > source_layer or (target_layer == source_layer and same_block)


def logit_direction(pair):
    """F = normalised residual @ direction + constant, with the final norm's gain and bias where they are not folded"""
    model, norm = pair.model, pair.model.ln_final
    direction = (model.W_U[:, pair.answer] - model.W_U[:, pair.wrong]).detach()
    constant = float((model.b_U[pair.answer] - model.b_U[pair.wrong]).detach())
    if hasattr(norm, "b"):
        constant += float(norm.b.detach() @ direction)
    if hasattr(norm, "w"):
        direction = norm.w.detach() * direction
    return direction, constant


class Measures:
    """Measures changes against the base run of one direction."""

    def __init__(self, pair, direction):
        base, other = ends(direction)
        self.pair, self.base, self.other = pair, pair.run(base), pair.run(other)
        self.gradients = gradients(pair, base)
        self.centred = pair.model.cfg.normalization_type.startswith("LN")
        self.unembed, self.constant = logit_direction(pair)
        self.sigma = float(self.base["ln_final.hook_scale"][-1])

    def direct(self, write):
        """[..., d_model] -> [...]"""
        if self.centred:
            write = write - write.mean(-1, keepdim=True)
        return write @ self.unembed / self.sigma

    def writes(self, layer):
        """rows of W_out, [neuron, d_model]"""
        return self.pair.model.blocks[layer].mlp.W_out.detach()

    def own(self, kind, layer, change):
        """norm over all positions of the change of the write: [batch, pos, component, ...] -> [batch, component]"""
        if kind == "heads":
            return change.norm(dim=(1, 3))
        return change.norm(dim=1) * self.writes(layer).norm(dim=-1)

    def all(self, kind, layer, change):
        """{measure: [batch, component]} of changes [batch, pos, component (, d_model)]"""
        last, name = change[:, -1], site(kind, layer)
        full = (self.other[name] - self.base[name])[-1]
        product = change * self.gradients[name]
        if kind == "heads":
            size = last.norm(dim=-1)
            return {"change": size, "l2": size, "through": product.sum((1, 3)), "direct": self.direct(last),
                    "shift": (last * full).sum(-1) / full.square().sum(-1), "mean": last.mean(-1)}
        writes = self.writes(layer)
        return {"change": last, "l2": last.abs() * writes.norm(dim=-1), "through": product.sum(1),
                "direct": last * self.direct(writes), "shift": last / full, "mean": last}


def effects(pair, direction):
    """Patches every component alone. Returns
    ap: {source kind: [L, S]}, own: {source kind: [L, S]}, and matrices: {(source kind, target kind, measure):
    [L, S, L, T]}."""
    base, other = ends(direction)
    measures, layers = Measures(pair, direction), pair.layers
    zeros = lambda *kinds: torch.zeros([n for kind in kinds for n in (layers, pair.count(kind))], dtype=torch.float64)
    ap, own = {kind: zeros(kind) for kind in KINDS}, {kind: zeros(kind) for kind in KINDS}
    matrices = {(s, t, m): zeros(s, t) for s in KINDS for t in KINDS for m in MEASURES}
    for kind in KINDS:
        for layer in range(layers):
            for start in range(0, pair.count(kind), BATCH):
                sources = range(start, min(start + BATCH, pair.count(kind)))
                value = pair.run(other)[site(kind, layer)]
                f, run = patched(pair, base, [[(kind, layer, i, value[:, i])] for i in sources])
                ap[kind][layer, sources] = f - pair.f(base)
                rows = torch.arange(len(sources))
                own[kind][layer, sources] = measures.own(
                    kind, layer, run[site(kind, layer)] - pair.run(base)[site(kind, layer)])[rows, sources]
                fill(matrices, measures, kind, layer, sources, run)
                check_ledger(measures, matrices, kind, layer, sources, f, run)
    return ap, own, matrices


def fill(matrices, measures, kind, layer, sources, run):
    """Writes the rows of some sources of one layer into the matrices."""
    pair, rows = measures.pair, torch.arange(len(sources))
    for target_kind in KINDS:
        for target_layer in range(pair.layers):
            is_own = (target_kind, target_layer) == (kind, layer)
            if not is_own and not reaches(kind, layer, target_kind, target_layer):
                continue
            name = site(target_kind, target_layer)
            values = measures.all(target_kind, target_layer, run[name] - measures.base[name])
            for measure, value in values.items():
                if is_own:
                    alone = torch.zeros_like(value)
                    alone[rows, sources] = value[rows, sources]
                    value = alone
                matrices[kind, target_kind, measure][layer, sources, target_layer] = value


def check_ledger(measures, matrices, kind, layer, sources, f, run):
    """sum over t of direct(s, t) = (F_patched - c) sigma_patched / sigma_base - (F_base - c), exactly"""
    total = sum(matrices[kind, target, "direct"][layer, sources].sum((1, 2)) for target in KINDS)
    scale = run["ln_final.hook_scale"][:, -1, 0] / measures.sigma
    f_base = float(measures.pair.metric(measures.base["logits"][None]))
    expected = (f - measures.constant) * scale - (f_base - measures.constant)
    assert torch.allclose(total, expected, rtol=1e-9, atol=1e-9), (kind, layer, (total - expected).abs().max())


def without_own(kind, target, matrix):
    """A copy of [L, S, L, T] with 0 at each source's own entry."""
    matrix = matrix.clone()
    if kind == target:
        layers, count = torch.meshgrid(torch.arange(matrix.shape[0]), torch.arange(matrix.shape[1]), indexing="ij")
        matrix[layers, count, layers, count] = 0
    return matrix


def gains(own, matrices, kind):
    """[L, S]: root of the sum of l2 squared over the reachable targets / own change; NaN without targets or change"""
    total = sum(without_own(kind, t, matrices[kind, t, "l2"]).square().sum((2, 3)) for t in KINDS)
    gain = torch.where(own[kind] > 0, total.sqrt() / own[kind], torch.nan)
    last = own[kind].shape[0] - 1
    if not any(reaches(kind, last, target, last) for target in KINDS):
        gain[last] = torch.nan
    return gain


def ledger(ap, matrices, kind):
    """[L, S, 4]: own direct, by heads, by neurons, norm; they sum to ap"""
    own = matrices[kind, kind, "direct"].sum((2, 3)) - without_own(kind, kind, matrices[kind, kind, "direct"]).sum((2, 3))
    by = [without_own(kind, target, matrices[kind, target, "direct"]).sum((2, 3)) for target in KINDS]
    return torch.stack([own, *by, ap[kind] - own - sum(by)], -1)
