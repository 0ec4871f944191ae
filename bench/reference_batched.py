"""Effects of neurons as whoever knows TransformerLens well would compute them:

- a batch of neurons of one layer; the run starts behind that layer, from the clean residual stream plus the change of
  what each neuron writes (`start_at_layer`);
- hooks keep the last token of `hook_z` and `hook_post` alone; no per-head results, no MLP inputs: the heads' outputs at
  the last token come from z through W_O, for the whole batch at once;
- only the two logits of the metric, at the last token; torch.inference_mode.

All positions run: TransformerLens has no way to run a suffix or one position, its cache of keys and values apart, which
is made for generating text and not used here.
"""

import torch


class BatchedPatching:
    def __init__(self, pair):
        self.model, self.layers = pair.model, range(pair.layers)
        self.clean, self.corrupted = pair.run("clean"), pair.run("corrupted")
        self.base = pair.f("clean")
        unembed, bias = self.model.unembed.W_U.detach(), self.model.unembed.b_U.detach()
        self.write = unembed[:, pair.answer] - unembed[:, pair.wrong]
        self.bias = bias[pair.answer] - bias[pair.wrong]

    def patched(self, layer, indices):
        """The residual stream behind a layer with each neuron at its corrupted value: [batch, pos, d_model]"""
        name = f"blocks.{layer}.mlp.hook_post"
        change = self.corrupted[name][:, indices] - self.clean[name][:, indices]
        write = self.model.blocks[layer].mlp.W_out[indices]
        states = self.clean[f"blocks.{layer}.hook_resid_post"] + change.T[:, :, None] * write[:, None]
        return states.contiguous()

    @torch.inference_mode()
    def effects(self, layer, indices):
        """F(patched) - F(base) [batch]; change of heads [batch, layer, head] and of neurons [batch, layer, neuron], of
        the layers behind"""
        values = {}

        def keep(act, hook):
            values[hook.name] = act[:, -1] - self.clean[hook.name][-1]

        def keep_normalised(act, hook):
            values[hook.name] = act[:, -1]

        behind = self.layers[layer + 1:]
        names = [f"blocks.{target}.{hook}" for target in behind for hook in ("attn.hook_z", "mlp.hook_post")]
        hooks = [(name, keep) for name in names] + [("ln_final.hook_normalized", keep_normalised)]
        self.model.run_with_hooks(self.patched(layer, indices), start_at_layer=layer + 1, return_type=None,
                                  fwd_hooks=hooks)
        ap = values["ln_final.hook_normalized"] @ self.write + self.bias - self.base
        if not behind:
            return ap, ap.new_zeros(len(indices), 0), ap.new_zeros(len(indices), 0)
        heads = [torch.einsum("bhk,hkd->bhd", values[f"blocks.{target}.attn.hook_z"],
                              self.model.blocks[target].attn.W_O).norm(dim=-1) for target in behind]
        neurons = [values[f"blocks.{target}.mlp.hook_post"] for target in behind]
        return ap, torch.stack(heads, 1), torch.stack(neurons, 1)
