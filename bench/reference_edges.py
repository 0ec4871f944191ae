"""EAP-IG (inputs) on TransformerLens, as its authors' code does it: every node's change kept as one tensor, each
receiver's gradient multiplied with the changes before it as soon as it comes back.

`batched`: all points as one batch, in place of one run for each. Weights need no gradients, which the authors leave on.
"""

import time

import torch

from edges import receivers


class EdgeGradients:
    def __init__(self, pair):
        self.pair = pair
        self.ends = {}  # hook -> (first receiver, last receiver, nodes before)
        for index, (name, _, before) in enumerate(receivers(pair)):
            first = self.ends.get(name, (index,))[0]
            self.ends[name] = (first, index + 1, before)

    def changes(self, base, other):
        """[pos, nodes, d_model], and the embeddings of both runs"""
        pair = self.pair
        wanted = ["hook_embed"]
        for layer in range(pair.layers):
            wanted += [f"blocks.{layer}.attn.hook_result", f"blocks.{layer}.hook_mlp_out"]
        values = []
        for which in (other, base):
            with torch.inference_mode():
                _, cache = pair.model.run_with_cache(pair.tokens(which), names_filter=lambda name: name in wanted,
                                                     return_cache_object=False)
            parts = [cache[name][0] for name in wanted]
            values.append([part if part.ndim == 3 else part[:, None] for part in parts])
        changes = torch.cat([a - b for a, b in zip(*values)], dim=1)
        return changes.clone(), values[0][0][:, 0].clone(), values[1][0][:, 0].clone()

    def scores(self, base, other, points, batched):
        """[nodes, receivers]"""
        pair = self.pair
        changes, start, end = self.changes(base, other)
        last = max(stop for _, stop, _ in self.ends.values())
        scores = torch.zeros(changes.shape[1], last)

        def accumulate(grad, hook):
            first, stop, before = self.ends[hook.name]
            grad = grad if grad.ndim == 4 else grad[:, :, None]
            total = grad.sum(0) if len(grad) > 1 else grad[0]
            scores[:before, first:stop] += torch.einsum("pud,pvd->uv", changes[:, :before], total)

        alphas = torch.arange(points) / points
        for chunk in (alphas[None] if batched else alphas[:, None]):
            embed = start + chunk[:, None, None] * (end - start)

            def hold(act, hook):
                return embed.clone().requires_grad_()

            tokens = pair.tokens(base).expand(len(chunk), -1)
            with pair.model.hooks(fwd_hooks=[("hook_embed", hold)],
                                  bwd_hooks=[(name, accumulate) for name in self.ends]):
                pair.metric(pair.model(tokens)).sum().backward()
        return scores / points


def edges(pair, points, batched):
    """One pair from its two prompts on, noising."""
    model = pair.model
    model.set_use_attn_result(True), model.set_use_hook_mlp_in(True), model.set_use_split_qkv_input(True)
    model.requires_grad_(False)
    gradients = EdgeGradients(pair)
    start = time.perf_counter()
    scores = gradients.scores("clean", "corrupted", points, batched)
    seconds = time.perf_counter() - start
    model.set_use_split_qkv_input(False)
    model.requires_grad_(True)
    return {"seconds": seconds, "scores": scores.flatten().tolist()}
