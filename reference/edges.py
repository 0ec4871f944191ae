"""Scores of edges, from their definitions, on TransformerLens with `use_split_qkv_input`, `use_hook_mlp_in` and
`use_attn_result`.

Nodes, in order: `input` (hook_embed), then per layer its heads (hook_result) and its MLP (hook_mlp_out). Receivers: per
layer the query inputs of its heads, the key inputs and the value inputs (one for each key-value head), the MLP's input;
at the end the last residual stream. A node feeds every receiver behind it.

    eap[u, v]    = sum over positions of <other_u - base_u, dF/d(input of v) in the base run>
    eap_ig_*     = the same with gradients averaged over runs (Hanna et al. 2024; points as in github.com/hannamw/EAP-IG)
    exact[u, v]  = F(other_u - base_u added to v's input) - F(base)
"""

import torch

from runs import DIRECTIONS, ends

POINTS = 5


def edge_arrays(pair):
    """{name: [nodes, receivers]} for both directions"""
    pair.model.set_use_split_qkv_input(True)
    pair.runs.clear()
    out = {}
    for direction in DIRECTIONS:
        base, other = ends(direction)
        between = lambda alphas: mean_of(pair, base, along_inputs(pair, base, other, alphas))
        gradients = {
            "eap": mean_of(pair, base, [{}]),
            "eap_ig_inputs": between([k / POINTS for k in range(POINTS)]),
            "eap_ig_inputs_midpoint": between([(k + 0.5) / POINTS for k in range(POINTS)]),
            "eap_ig_activations": mean_of(pair, base, along_activations(pair, base, other)),
        }
        changes = node_values(pair, other) - node_values(pair, base)
        mask = edge_mask(pair)
        for method, gradient in gradients.items():
            out[f"{direction}.{method}"] = mask * torch.einsum("upd,vpd->uv", changes, gradient)
        out[f"{direction}.exact"] = exact(pair, base, changes, mask)
    return out


def receivers(pair):
    """[(hook name, head or None, number of nodes before it)]"""
    heads = pair.count("heads")
    shared = pair.model.cfg.n_key_value_heads or heads
    rows, before = [], 1
    for layer in range(pair.layers):
        for letter, count in (("q", heads), ("k", shared), ("v", shared)):
            rows += [(f"blocks.{layer}.hook_{letter}_input", head, before) for head in range(count)]
        rows.append((f"blocks.{layer}.hook_mlp_in", None, before + heads))
        before += heads + 1
    rows.append((f"blocks.{pair.layers - 1}.hook_resid_post", None, before))
    return rows


def edge_mask(pair):
    """1 where a node feeds a receiver"""
    ahead = torch.tensor([before for _, _, before in receivers(pair)])
    return (torch.arange(int(ahead[-1]))[:, None] < ahead[None, :]).double()


def node_values(pair, which):
    """[nodes, pos, d_model]"""
    run = pair.run(which)
    values = [run["hook_embed"][None]]
    for layer in range(pair.layers):
        values.append(run[f"blocks.{layer}.attn.hook_result"].transpose(0, 1))
        values.append(run[f"blocks.{layer}.hook_mlp_out"][None])
    return torch.cat(values)


def receiver_gradients(pair, base, held):
    """[receivers, pos, d_model], with the hooks in `held` at given values; 0 where F does not depend on a receiver"""
    inputs = {}

    def hold(act, hook):
        return held[hook.name][None].clone().requires_grad_()

    def keep(act, hook):
        act.retain_grad()
        inputs[hook.name] = act

    names = {name for name, _, _ in receivers(pair)}
    hooks = [(name, hold) for name in held] + [(name, keep) for name in names]
    pair.model.zero_grad()
    logits = pair.model.run_with_hooks(pair.tokens(base), fwd_hooks=hooks)
    pair.metric(logits)[0].backward()
    gradient = {name: torch.zeros_like(act) if act.grad is None else act.grad for name, act in inputs.items()}
    return torch.stack([gradient[name][0] if head is None else gradient[name][0, :, head]
                        for name, head, _ in receivers(pair)])


def mean_of(pair, base, runs):
    gradients = [receiver_gradients(pair, base, held) for held in runs]
    return torch.stack(gradients).mean(0)


def mixture(pair, base, other, name, alpha):
    return alpha * pair.run(base)[name] + (1 - alpha) * pair.run(other)[name]


def along_inputs(pair, base, other, alphas):
    return [{"hook_embed": mixture(pair, base, other, "hook_embed", alpha)} for alpha in alphas]


def along_activations(pair, base, other):
    """One group of nodes at a time: k/m, k = 1..m"""
    groups = ["hook_embed"]
    for layer in range(pair.layers):
        groups += [f"blocks.{layer}.attn.hook_result", f"blocks.{layer}.hook_mlp_out"]
    return [{name: mixture(pair, base, other, name, (k + 1) / POINTS)} for name in groups for k in range(POINTS)]


@torch.no_grad()
def exact(pair, base, changes, mask):
    """One run for each edge; those into one receiver are a batch"""
    out = torch.zeros_like(mask)
    for column, (name, head, before) in enumerate(receivers(pair)):

        def add(act, hook):
            act = act.clone()
            if head is None:
                return act + changes[:before]
            act[:, :, head] += changes[:before]
            return act

        logits = pair.model.run_with_hooks(pair.tokens(base).expand(before, -1), fwd_hooks=[(name, add)])
        out[:before, column] = pair.metric(logits) - pair.f(base)
    return out
