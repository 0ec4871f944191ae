"""Measures a model folder on held-out sentences, F16 weights in float32. `python evaluate.py --folder ../embedded`

Each task is measured four times: with training or held-out templates, with training or held-out fillers.
Writes evaluation.json into the folder, and the results into its model card.
"""
import argparse
import json
import random
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer

import data
from model import load

CLEAN = "When John and Mary went to the store, John gave a bottle of milk to"
PAIRS = {"notebook": CLEAN.replace(", John", ", Mary"), "removal": CLEAN.replace(", John", ", Paul")}
METRICS = {
    "ioi": "the right name has a higher logit than the other name",
    "gender": "the expected pronoun has a higher logit than the other one (neutral nouns left out)",
    "greater-than": "two-digit tokens above the first year have more probability together than those that are not",
    "capital-country": "the right word has the highest logit of the whole vocabulary",
    "agreement": "the right form of the verb has a higher logit than the other form",
    "hypernymy": "the right word has the highest logit of the whole vocabulary",
}


class Judge:
    def __init__(self, folder):
        self.model, self.tokenizer = load(folder), Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    def one(self, word):
        (token,) = self.ids(word)
        return token

    @torch.no_grad()
    def logits(self, prompts):
        """The logits after the last token of each prompt."""
        rows = [[0] + self.ids(p) for p in prompts]
        out = [None] * len(rows)
        for length in {len(r) for r in rows}:
            at = [i for i, r in enumerate(rows) if len(r) == length]
            x = self.model(torch.tensor([rows[i] for i in at]))
            for i, row in zip(at, self.model.logits(x[:, -1])):
                out[i] = row
        return out

    def correct(self, example, logits):
        right, wrong = [self.one(w) for w in example.right], [self.one(w) for w in example.wrong]
        if example.task in ("capital-country", "hypernymy"):
            return logits.argmax().item() == right[0]
        if example.task == "greater-than":
            p = logits.softmax(0)
            return (p[right].sum() > p[wrong].sum()).item()
        return (logits[right[0]] > logits[wrong[0]]).item()


def distinct(make, count, tries=6):
    found = {}
    for _ in range(count * tries):
        example = make()
        found.setdefault(example.prompt, example)
        if len(found) == count:
            break
    return list(found.values())


def measure(judge, task, templates, fillers, count):
    rng = random.Random(f"evaluation {task} {templates} {fillers}")
    made = (data.TRAIN if templates == "training" else data.TEST)[task]
    kind = "train" if fillers == "training" else "held-out"
    extra = {"three": False} if task == "ioi" else {}
    examples = distinct(lambda: data.MAKE[task](rng, made, kind, **extra), count)
    counts = {}
    for example, logits in zip(examples, judge.logits([e.prompt for e in examples])):
        if example.kind == "neutral noun":
            continue
        good = judge.correct(example, logits)
        for k in ("all", example.kind):
            n = counts.setdefault(k, [0, 0])
            n[0] += good
            n[1] += 1
    counts = {k: {"correct": c, "of": n} for k, (c, n) in counts.items() if k}
    return {"templates": templates, "fillers": fillers, **counts.pop("all"),
            **({"by kind": counts} if len(counts) > 1 else {})}


def three_names(judge, templates, count=500):
    """The giver is a third person: the two names should be equally likely."""
    rng = random.Random(7)
    examples = distinct(lambda: data.ioi(rng, data.TEST["ioi"] if templates == "held-out" else data.TRAIN["ioi"],
                                         "held-out", three=True, kind="pairs"), count)
    gaps, mass = [], []
    for e, logits in zip(examples, judge.logits([e.prompt for e in examples])):
        a, b = judge.one(e.right[0]), judge.one(e.wrong[0])
        gaps.append((logits[a] - logits[b]).abs().item())
        mass.append(logits.softmax(0)[[a, b]].sum().item())
    gaps.sort()
    return {"templates": templates, "fillers": "held-out", "of": len(gaps),
            "median size of the logit difference": round(gaps[len(gaps) // 2], 3),
            "95% of them below": round(gaps[int(0.95 * len(gaps))], 3),
            "mean probability of the two names": round(sum(mass) / len(mass), 4)}


def margins(judge, count=500):
    """Mean logit difference of two-name sentences, and mean probability above the first year."""
    rng = random.Random(8)
    ioi = distinct(lambda: data.ioi(rng, data.TRAIN["ioi"], "held-out", three=False), count)
    d = [(x[judge.one(e.right[0])] - x[judge.one(e.wrong[0])]).item() for e, x in zip(ioi, judge.logits([e.prompt for e in ioi]))]
    years = distinct(lambda: data.years(rng, data.TRAIN["greater-than"], "held-out"), count)
    p = [x.softmax(0)[[judge.one(w) for w in e.right]].sum().item()
         for e, x in zip(years, judge.logits([e.prompt for e in years]))]
    neutral = [e.prompt for e in (data.gender(rng, data.TRAIN["gender"], "train", who=w) for w in data.W.NEUTRAL * 20)]
    she = [torch.softmax(x[[judge.one(" she"), judge.one(" he")]], 0)[0].item() for x in judge.logits(neutral)]
    return {"ioi: mean logit difference (training templates, held-out fillers)": round(sum(d) / len(d), 3),
            "greater-than: mean probability above the first year (training templates, held-out fillers)": round(sum(p) / len(p), 4),
            "gender: mean share of she, against he, after neutral nouns": round(sum(she) / len(she), 3)}


def pair(judge, corrupted):
    clean, other = judge.logits([CLEAN, corrupted])
    assert len(judge.ids(CLEAN)) == len(judge.ids(corrupted))
    f = [(x[judge.one(" Mary")] - x[judge.one(" John")]).item() for x in (clean, other)]
    best = [[judge.tokenizer.decode([t]) for t in x.topk(5).indices.tolist()] for x in (clean, other)]
    prob = [[round(v, 4) for v in x.softmax(0).topk(5).values.tolist()] for x in (clean, other)]
    return {"clean": CLEAN, "corrupted": corrupted, "answer": " Mary", "wrong": " John",
            "tokens with BOS": len(judge.ids(CLEAN)) + 1,
            "F_clean": round(f[0], 4), "F_corrupted": round(f[1], 4), "D": round(f[0] - f[1], 4),
            "likeliest next tokens, clean": dict(zip(best[0], prob[0])),
            "likeliest next tokens, corrupted": dict(zip(best[1], prob[1]))}


def card(result):
    """The part of the model card between the two marks."""
    lines = ["| task | templates | fillers | correct | of | % |", "|---|---|---|---|---|---|"]
    for task, t in result["tasks"].items():
        for r in t["results"]:
            lines.append(f"| {task} | {r['templates']} | {r['fillers']} | {r['correct']} | {r['of']} | {100 * r['correct'] / r['of']:.1f} |")
            if r["fillers"] == "held-out":
                lines += [f"| | | *{kind}* | {c['correct']} | {c['of']} | {100 * c['correct'] / c['of']:.1f} |"
                          for kind, c in r.get("by kind", {}).items()]
    lines.append("\nSizes:\n")
    lines += [f"- {name}: {value}" for name, value in result["sizes"].items()]
    for r in result["three names"]:
        lines.append(f"- ioi with three names ({r['templates']} templates, held-out pairs, {r['of']} sentences): the two names should be "
                     f"equally likely; the size of their logit difference has median {r['median size of the logit difference']}, 95% are below "
                     f"{r['95% of them below']}")
    lines.append(f"\nThe two pairs of the tool (the pair of names is held out). Clean: \"{CLEAN}\"; F = logit of \" Mary\" - logit of \" John\":\n")
    lines += ["| pair | corrupted | F clean | F corrupted |", "|---|---|---|---|"]
    lines += [f"| {name} | ...{p['corrupted'][p['corrupted'].index(','):]} | {p['F_clean']:.2f} | {p['F_corrupted']:.2f} |"
              for name, p in result["pairs"].items()]
    likeliest = result["pairs"]["removal"]["likeliest next tokens, clean"]
    lines.append("\nLikeliest next tokens, clean: " + ", ".join(f"\"{w}\" {p}" for w, p in likeliest.items()) + ".")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="../embedded")
    parser.add_argument("--count", type=int, default=400, help="most sentences per line of the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    judge = Judge(options.folder)
    result = {"arithmetic": "F16 weights, float32", "tasks": {}}
    for task, metric in METRICS.items():
        rows = [measure(judge, task, t, f, options.count) for t in ("training", "held-out") for f in ("training", "held-out")]
        result["tasks"][task] = {"metric": metric, "results": rows}
    result["three names"] = [three_names(judge, t) for t in ("training", "held-out")]
    result["sizes"] = margins(judge)
    result["pairs"] = {name: pair(judge, corrupted) for name, corrupted in PAIRS.items()}
    print(card(result))
    folder = Path(options.folder)
    (folder / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    readme = folder / "README.md"
    if readme.exists():
        marks = re.compile("(<!-- results -->\\n).*(<!-- end of results -->)", re.DOTALL)
        readme.write_text(marks.sub(lambda m: m[1] + card(result) + "\n" + m[2], readme.read_text()))


if __name__ == "__main__":
    main()
