"""F of circuits, from their definition, on the receivers and nodes of `edges.py`.

The base prompt runs; each receiver reads

    constants + sum over nodes u before it of (u's value in this very run if u -> v is in the circuit, else its other value)

where the constants are what the residual stream holds beside the nodes: position embeddings and biases.
"""

import torch

from edges import edge_mask, node_values, receivers
from runs import DIRECTIONS, ends

SHARES = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
SEED = 7


def circuit_arrays(pair):
    """in [circuits, nodes, receivers]: 1 for an edge of the circuit; <way>.f [circuits]"""
    pair.model.set_use_split_qkv_input(True)
    pair.runs.clear()
    mask = edge_mask(pair)
    draws = torch.rand(len(SHARES), *mask.shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64)
    inside = mask * (draws < torch.tensor(SHARES)[:, None, None]).double()
    return {"in": inside} | {f"{way}.f": run_circuits(pair, *ends(way), inside) for way in DIRECTIONS}


@torch.no_grad()
def run_circuits(pair, base, other, inside):
    """[circuits, nodes, receivers] -> F [circuits]"""
    others = node_values(pair, other)
    written = []  # this run's values of the nodes so far: [circuits, pos, d_model] each

    def keep(act, hook):
        written.extend(act.unbind(2) if act.dim() == 4 else [act])

    def build(column, head, before):
        def replace(act, hook):
            whole = pair.run(other)[hook.name]
            constants = (whole if head is None else whole[:, head]) - others[:before].sum(0)
            share = inside[:, :before, column, None, None]
            value = constants + (share * torch.stack(written[:before], 1) + (1 - share) * others[:before]).sum(1)
            act = act.clone()
            if head is None:
                return value
            act[:, :, head] = value
            return act

        return replace

    hooks = [(lambda name: name == "hook_embed" or name.endswith(("attn.hook_result", "hook_mlp_out")), keep)]
    hooks += [(name, build(column, head, before)) for column, (name, head, before) in enumerate(receivers(pair))]
    return pair.metric(pair.model.run_with_hooks(pair.tokens(base).expand(len(inside), -1), fwd_hooks=hooks))
