"""Data sets of all six tasks on the embedded model: what a survey of them has to say, from its definitions.

Of each data set of `task_files.py` (n pairs; L layers, H heads; `<way>` noising or denoising):

    length [n]; metric, label_metric, rank, probability [n, 2]: of the clean and of the corrupted prompt
    ap.<way>.heads, ig.<way>.heads [n, L, H]; ap_logit.<way>.heads where labels read a twin
    ap.<way>.neurons, ap_logit. [FEW, L, N]: of the first pairs, every 16th neuron
    solved, reversed [n]: 1 or 0
    <all or solved>.<method>.<way>.<kind> [L, H or N]: sum of scores / sum of D, noising with its sign turned; NaN where
        D is small; neurons over the first pairs, in `all` alone
    <all or solved>.sd.<method>.<way>.heads [L, H]: the standard deviation of score / mean D
    <all or solved>.highlighted.<method>.<way>.heads [L, H]: the share of pairs in which |score| reaches the 0.9 quantile;
        NaN where a pair's lies at it but for rounding; not of patching by probabilities, which may saturate
    <all or solved>.labels [L, H]: a code of LABELS, from pooled patching by the metric that labels read, over pairs that
        are no earlier one reversed
"""

import json
from itertools import product
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import checkpoint
from attribution import layer_scores
from hooked import hook
from metrics import Measured, patching
from runs import DIRECTIONS
from task_files import SETS, Reader, read_examples

MODEL = Path(__file__).resolve().parent.parent / "models" / "embedded"
STEPS, QUANTILE, TAU = 50, 0.9, 0.02
FEW, EVERY = 2, 16
LABELS = ("none", "and", "or", "adder", "inhibitory", "mixed")
MARGIN = 1e-5  # of effects: no label may hang on rounding
NEAR = 1e-4  # of scores over the largest: which side of a limit they lie on may be rounding


def task_arrays(folder):
    """{<data set>.<array>: float64 tensor}; `folder` holds the files of pairs."""
    model = hook(checkpoint.load(MODEL))
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    bos = json.loads((MODEL / "config.json").read_text())["bos_token_id"]
    reader = Reader(lambda text: tokenizer.encode(text, add_special_tokens=False).ids, bos)
    out = {}
    for name in SETS:
        arrays = set_arrays(model, read_examples(name, folder, reader), SETS[name][2])
        out |= {f"{name}.{array}": value for array, value in arrays.items()}
        print(f"{name}: lengths {arrays['length'].tolist()}, F {arrays['metric'].mean(0).tolist()}")
    return out


def set_arrays(model, examples, contrast):
    pairs = [Pairs(model, example) for example in examples]
    out = {"length": torch.tensor([len(example.clean) for example in examples]),
           "reversed": torch.tensor([example.reversed for example in examples])}
    for name in ("metric", "label_metric", "rank", "probability"):
        out[name] = torch.tensor([getattr(pair, name)() for pair in pairs], dtype=torch.float64)
    clean, corrupted = out["label_metric"].T
    out["solved"] = (clean > 0) & ((corrupted < 0) if contrast == "swap" else torch.ones_like(clean, dtype=bool))
    out |= scores(pairs)
    few = {name: value for name, value in out.items() if name.endswith(".neurons")}
    out |= {f"all.{name}": pooled(name, value, out, range(FEW)) for name, value in few.items()}
    for which, among in (("all", range(len(pairs))), ("solved", out["solved"].nonzero()[:, 0].tolist())):
        if len(among) > 0:
            out |= {f"{which}.{name}": value for name, value in summary(out, list(among)).items()}
    return out


class Pairs:
    """One example as the pair of its metric, and as that of the metric that labels read."""

    def __init__(self, model, example):
        self.example, runs = example, {}
        make = lambda measure: Measured(model, example.clean, example.corrupted, None, None, runs, measure)
        self.plain, self.twin = make(example.measure), make(example.label_measure)

    def both(self, of):
        """`of` last-token logits [vocab], for both prompts"""
        return [float(of(self.plain.run(which)["logits"][-1])) for which in ("clean", "corrupted")]

    def metric(self):
        return self.both(lambda row: self.example.measure(row[None])[0])

    def label_metric(self):
        return self.both(lambda row: self.example.label_measure(row[None])[0])

    def rank(self):
        """tokens with a higher logit than the best right answer"""
        return self.both(lambda row: (row > row[self.example.right].max()).sum())

    def probability(self):
        return self.both(lambda row: row.softmax(-1)[self.example.right].sum())


def scores(pairs):
    """{<method>.<way>.<kind>: [n or FEW, layer, component]}"""
    out = {}
    methods = {"ap": lambda pair: pair.plain}
    if any(pair.example.is_set for pair in pairs):
        methods["ap_logit"] = lambda pair: pair.twin
    for direction in DIRECTIONS:
        for method, pick in methods.items():
            out[f"{method}.{direction}.heads"] = torch.stack(
                [patching(pick(pair), direction, "heads") for pair in pairs])
            out[f"{method}.{direction}.neurons"] = torch.stack(
                [patching(pick(pair), direction, "neurons", EVERY) for pair in pairs[:FEW]])
        out[f"ig.{direction}.heads"] = torch.stack(
            [layer_scores(pair.plain, direction, "heads", STEPS).sum(1) for pair in pairs])
    return out


def total_d(name, arrays, among):
    """The sum of D by the metric of a method's scores; NaN where it is small"""
    f = arrays["label_metric" if name.startswith("ap_logit") else "metric"][list(among)]
    clean, corrupted = f.sum(0)
    small = (clean - corrupted).abs() < 0.1 * (clean.abs() + corrupted.abs())
    return torch.nan if small else clean - corrupted


def pooled(name, value, arrays, among):
    """[layer, component]: the sum of scores over the sum of D"""
    sign = -1 if ".noising." in name else 1
    return sign * value[list(among)].sum(0) / total_d(name, arrays, among)


def deviation(name, value, arrays, among):
    """[layer, component]"""
    return (value[among] * len(among) / total_d(name, arrays, among)).std(0)


def summary(arrays, among):
    """Pooled effects, shares and labels of some pairs."""
    heads = {name: value for name, value in arrays.items() if name.endswith(".heads") and value.dim() == 3}
    out = {name: pooled(name, value, arrays, among) for name, value in heads.items()}
    out |= {f"sd.{name}": deviation(name, value, arrays, among) for name, value in heads.items()}
    method = "ap_logit" if "ap_logit.noising.heads" in heads else "ap"
    even = {name: value for name, value in heads.items() if name.startswith((f"{method}.", "ig."))}
    out |= {f"highlighted.{name}": highlighted(value[among]) for name, value in even.items()}
    once = [i for i in among if not arrays["reversed"][i]]
    names = [f"{method}.{direction}.heads" for direction in DIRECTIONS]
    return out | {"labels": labels(*(pooled(name, heads[name], arrays, once) for name in names))}


def highlighted(values):
    """[n, layer, component] -> the share of pairs, [layer, component]"""
    sizes = values.float().double().abs()
    limits = torch.tensor([np.quantile(one, QUANTILE) for one in sizes.numpy()])[:, None, None]
    near = (sizes - limits).abs() < NEAR * sizes.amax((1, 2), keepdim=True)
    share = ((sizes >= limits) & (sizes > 0)).double().mean(0)
    return share.masked_fill(near.any(0), torch.nan)


def labels(noising, denoising):
    """codes [layer, component]"""
    code = lambda n, d: torch.tensor([LABELS.index(label(*one)) for one in zip(n.flatten().tolist(), d.flatten().tolist())])
    found = code(noising, denoising)
    for a, b in product((-MARGIN, MARGIN), repeat=2):
        assert torch.equal(code(noising + a, denoising + b), found), "a label hangs on rounding: choose other pairs"
    return found.reshape(noising.shape)


def label(n, d):
    if n >= TAU and abs(d) <= n / 3:
        return "and"
    if d >= TAU and abs(n) <= d / 3:
        return "or"
    if min(n, d) >= TAU and max(n, d) < 1.5 * min(n, d):
        return "adder"
    if max(n, d) <= -TAU:
        return "inhibitory"
    return "mixed" if max(abs(n), abs(d)) >= TAU else "none"
