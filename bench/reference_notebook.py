"""Effects of neurons as the notebook computes them: one whole forward pass for each neuron, with hooks that put in its
value of the corrupted run and keep every head's result and every neuron's activation; then the change of each at the
last token. Indices are the right ones and heads get a norm in place of a mean: its faults are left out, its way is not.
"""

import torch

from runs import KINDS, site


class NotebookPatching:
    def __init__(self, pair):
        self.pair = pair
        self.sites = [site(kind, layer) for kind in KINDS for layer in range(pair.layers)]
        self.clean, self.corrupted = pair.run("clean"), pair.run("corrupted")
        self.tokens = pair.tokens("clean")
        self.base = pair.f("clean")

    @torch.no_grad()
    def effects(self, layer, index):
        """F(patched) - F(base); change of heads [layer, head] and of neurons [layer, neuron]"""
        values = {}

        def replace(act, hook):
            act[:, :, index] = self.corrupted[hook.name][:, index]
            return act

        def keep(act, hook):
            values[hook.name] = act

        hooks = [(site("neurons", layer), replace)] + [(name, keep) for name in self.sites]
        logits = self.pair.model.run_with_hooks(self.tokens, fwd_hooks=hooks)
        change = {name: values[name][0, -1] - self.clean[name][-1] for name in self.sites}
        layers = range(self.pair.layers)
        heads = torch.stack([change[site("heads", target)].norm(dim=-1) for target in layers])
        neurons = torch.stack([change[site("neurons", target)] for target in layers])
        return self.pair.metric(logits)[0] - self.base, heads, neurons
