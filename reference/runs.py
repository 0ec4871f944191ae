"""Runs of a hooked model: the pair, its metric, plain runs, patched runs and gradients.

A run is a dict from hook name to activation. Everything is float64.
"""

from dataclasses import dataclass, field

import torch

KINDS = ("heads", "neurons")
DIRECTIONS = ("noising", "denoising")
BATCH = 64


def site(kind, layer):
    """The hook whose values are the components of a kind."""
    return f"blocks.{layer}.attn.hook_result" if kind == "heads" else f"blocks.{layer}.mlp.hook_post"


@dataclass
class Pair:
    """A model on a pair of prompts; F = logit[answer] - logit[wrong] at the last token."""

    model: object
    clean: list
    corrupted: list
    answer: int
    wrong: int
    runs: dict = field(default_factory=dict)

    @property
    def layers(self):
        return self.model.cfg.n_layers

    def count(self, kind):
        return self.model.cfg.n_heads if kind == "heads" else self.model.cfg.d_mlp

    def tokens(self, which):
        return torch.tensor([getattr(self, which)])

    def metric(self, logits):
        """[batch, pos, vocab] -> [batch]"""
        return logits[:, -1, self.answer] - logits[:, -1, self.wrong]

    def forward(self, tokens):
        return self.metric(self.model(tokens))

    def run(self, which):
        """All hook values of the clean or the corrupted run, without the batch dimension, and "logits"."""
        if which not in self.runs:
            with torch.no_grad():
                logits, cache = self.model.run_with_cache(self.tokens(which))
            self.runs[which] = {name: value[0] for name, value in cache.items()} | {"logits": logits[0]}
        return self.runs[which]

    def f(self, which):
        return float(self.metric(self.run(which)["logits"][None]))


def ends(direction):
    """(base, other): the run that is edited and the run that gives the values."""
    return ("clean", "corrupted") if direction == "noising" else ("corrupted", "clean")


@torch.no_grad()
def patched(pair, base, edits):
    """Runs `base` once for each entry of `edits`, a list of (kind, layer, index, value [pos, ...]); index may be a
    slice. Returns F [batch] and the values of all component sites and of the final norm's scale [batch, pos, ...]."""
    values = {}

    def record(act, hook):
        values[hook.name] = act

    def edit(act, hook):
        act = act.clone()
        for row, row_edits in enumerate(edits):
            for kind, layer, index, value in row_edits:
                if site(kind, layer) == hook.name:
                    act[row, :, index] = value
        values[hook.name] = act
        return act

    hooks = [(site(kind, layer), edit) for kind in KINDS for layer in range(pair.layers)]
    hooks.append(("ln_final.hook_scale", record))
    logits = pair.model.run_with_hooks(pair.tokens(base).expand(len(edits), -1), fwd_hooks=hooks)
    return pair.metric(logits), values


def gradients(pair, which):
    """dF/d(value) at every hook of a run, {hook name: [...]}."""
    values = {}

    def keep(act, hook):
        act.retain_grad()
        values[hook.name] = act

    f = pair.model.run_with_hooks(pair.tokens(which), fwd_hooks=[(lambda name: True, keep)])
    pair.model.zero_grad()
    pair.metric(f)[0].backward()
    return {name: act.grad[0] for name, act in values.items()}
