"""The other side of the benchmarks: TransformerLens and Captum on the same weights, asked line by line.

    python full_reference.py FOLDER THREADS PAIR

PAIR is JSON: clean, corrupted (token ids), answer, wrong. The first line out is `{"versions": ...}`. Then each line of
stdin is a JSON object: `do` names a command below, the rest are its arguments. Each answer is one line of JSON: seconds,
and values by which both sides can be compared; or `{"error": ...}`.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel

sys.path.insert(0, str(Path(__file__).parent.parent / "reference"))

from attribution import captum_scores
from hooked import hook
from reference_batched import BatchedPatching
from reference_edges import edges
from reference_notebook import NotebookPatching
from runs import Pair


def expose(pair, exposed):
    """Per-head results and MLP inputs as hook points: the notebook has both, whoever wants speed has neither."""
    pair.model.set_use_attn_result(exposed)
    pair.model.set_use_hook_mlp_in(exposed)


def forward(pair):
    """One forward pass with every hook point cached."""
    expose(pair, True)
    tokens = pair.tokens("clean")
    with torch.inference_mode():
        start = time.perf_counter()
        logits, cache = pair.model.run_with_cache(tokens, return_cache_object=False)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "hooks": len(cache), "logits": logits[0, -1].tolist()}


def notebook(pair, layer, indices):
    """Neurons of a layer, patched one by one."""
    expose(pair, True)
    patching = NotebookPatching(pair)
    start = time.perf_counter()
    effects = [patching.effects(layer, index) for index in indices]
    seconds = time.perf_counter() - start
    ap, heads, neurons = (torch.stack(part) for part in zip(*effects))
    return {"seconds": seconds, "ap": ap.tolist(), "heads": heads.tolist(), "neurons": neurons.tolist()}


def batched(pair, layer, indices, batch, rows=0):
    """Neurons of a layer in batches; effects on neurons come back for the first `rows` alone."""
    pair.run("clean"), pair.run("corrupted")
    expose(pair, False)
    patching = BatchedPatching(pair)
    start = time.perf_counter()
    effects = [patching.effects(layer, indices[i:i + batch]) for i in range(0, len(indices), batch)]
    seconds = time.perf_counter() - start
    ap, heads, neurons = (torch.cat(part) for part in zip(*effects))
    return {"seconds": seconds, "ap": ap.tolist(), "heads": heads.tolist(), "neurons": neurons[:rows].tolist()}


def captum(pair, direction, kind, layer, steps):
    """Layer integrated gradients of one layer and kind: [component], summed over positions."""
    expose(pair, True)
    start = time.perf_counter()
    scores = captum_scores(pair, direction, kind, layer, steps)
    return {"seconds": time.perf_counter() - start, "scores": scores.sum(0).tolist()}


COMMANDS = {"forward": forward, "notebook": notebook, "batched": batched, "captum": captum, "edges": edges}


def answer(pair, line):
    command = json.loads(line)
    try:
        return COMMANDS[command.pop("do")](pair, **command)
    except Exception as error:  # the benchmark that asked stops and tells it
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    folder, threads, pair = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = hook(GPT2LMHeadModel.from_pretrained(folder), dtype=torch.float32)
    pair = Pair(model, **json.loads(pair))
    names = ("torch", "transformer-lens", "captum")
    print(json.dumps({"versions": {name: version(name) for name in names}}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(pair, line)), flush=True)


if __name__ == "__main__":
    main()
