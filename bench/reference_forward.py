"""The other side of the forward benchmark: TransformerLens on the same weights, run by run, asked over stdin.

    python reference_forward.py FOLDER THREADS

Each line of stdin is a JSON list of token ids; for each, one line of JSON comes back: the seconds of `run_with_cache`,
the number of cached hook points, and the logits of the last token.
"""

import json
import sys
import time

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
from transformers import GPT2LMHeadModel


def load(folder):
    hf = GPT2LMHeadModel.from_pretrained(folder)
    c = hf.config
    config = HookedTransformerConfig(
        n_layers=c.n_layer, n_heads=c.n_head, d_model=c.n_embd, d_head=c.n_embd // c.n_head, d_mlp=4 * c.n_embd,
        n_ctx=c.n_positions, eps=c.layer_norm_epsilon, d_vocab=c.vocab_size, act_fn=c.activation_function,
        normalization_type="LNPre", original_architecture="GPT2LMHeadModel", device="cpu", init_weights=False,
        use_attn_result=True, use_hook_mlp_in=True)
    model = HookedTransformer(config)
    model.load_and_process_state_dict(convert_gpt2_weights(hf, config), fold_ln=True, center_writing_weights=True,
                                      center_unembed=True, fold_value_biases=True)
    return model.eval()


def main():
    folder, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = load(folder)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        tokens = torch.tensor([json.loads(line)])
        with torch.inference_mode():
            start = time.perf_counter()
            logits, cache = model.run_with_cache(tokens, return_cache_object=False)
            seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "hooks": len(cache), "logits": logits[0, -1].tolist()}), flush=True)


main()
