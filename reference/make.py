"""Makes the fixtures: python make.py [NAME...] (names of cases, "gguf", "tokenizer", "tasks", "methods", "edges", "paths", "metrics", "circuits"; all by default)."""

import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import checkpoint
import gguf_fixtures
import tokenizer_fixtures
from cases import CASES
from circuits import circuit_arrays
from edges import edge_arrays
from expected import expected, make_pair, plain_logits
from methods import methods
from metrics import metric_arrays
from models import build, pick_answers
from paths import path_arrays
from published import published
from tasks import task_arrays

FIXTURES = Path(__file__).resolve().parent.parent / "test" / "fixtures"
# Files beside expected.safetensors, by name: what makes their arrays from a pair.
BESIDE = {
    "methods": methods,
    "edges": edge_arrays,
    "paths": path_arrays,
    "metrics": metric_arrays,
    "circuits": circuit_arrays,
}
FOUR = ("gpt2-plain", "gpt2-odd", "gpt2-last", "llama-gqa")
CASES_WITH = {"edges": FOUR, "paths": FOUR, "circuits": FOUR}  # else: every case
LOGIT_TOLERANCE = 1e-5  # transformers keeps RMSNorm and rotary angles in float32


def write_json(path, value):
    """One key a line, lists in one line."""
    rows = [f"  {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def make_case(case):
    folder = FIXTURES / case.name
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.save(build(case), case, folder)
    model = checkpoint.load(folder)
    last = [plain_logits(model, ids)[-1] for ids in (case.clean, case.corrupted)]
    answer, wrong = pick_answers(*last, case.answers)
    pair = {"about": case.about, "clean": case.clean, "corrupted": case.corrupted, "answer": answer, "wrong": wrong,
            "contrast": case.contrast, "steps": case.steps}
    write_json(folder / "case.json", pair)
    arrays = expected(model, pair, case.extras)
    check(case, arrays)
    save(arrays, folder / "expected.safetensors")
    if "published" in case.extras:
        save(published(make_pair(model, pair), case.steps), folder / "published.safetensors")
    for path in folder.iterdir():
        path.chmod(0o644)
    print(summary(case, arrays, folder))


def make_beside(name, case_name):
    """One more file of a case whose checkpoint is there."""
    folder = FIXTURES / case_name
    pair = make_pair(checkpoint.load(folder), json.loads((folder / "case.json").read_text()))
    arrays = BESIDE[name](pair)
    path = folder / f"{name}.safetensors"
    save(arrays, path)
    print(f"{case_name}: {len(arrays)} arrays of {name}, {path.stat().st_size / 1e3:.0f} kB")


def make_tasks():
    """What surveys of the files of pairs in `tasks/` have to say."""
    path = FIXTURES / "tasks" / "expected.safetensors"
    arrays = task_arrays(path.parent)
    save(arrays, path)
    print(f"tasks: {len(arrays)} arrays, {path.stat().st_size / 1e3:.0f} kB")


def save(arrays, path):
    save_file({name: arrays[name].float().contiguous() for name in sorted(arrays)}, path)
    path.chmod(0o644)


def check(case, arrays):
    """What has to hold whatever the numbers are."""
    centred = lambda x: x - x.mean(-1, keepdim=True)
    apart = (centred(arrays["hf.clean.logits"]) - centred(arrays["tl.clean.logits"])).abs().max()
    assert apart < LOGIT_TOLERANCE, f"transformers and TransformerLens differ by {apart}"
    same = next(i for i, (a, b) in enumerate(zip(case.clean, case.corrupted)) if a != b)
    for name, value in arrays.items():
        if name.endswith(".positions"):
            assert (value[:, :same] == 0).all(), f"{name}: not 0 before the first difference"
    f_clean, f_corrupted = arrays["metric"].tolist()
    small = abs(f_clean - f_corrupted) < 0.1 * (abs(f_clean) + abs(f_corrupted))
    assert small == (case.answers == "small"), (f_clean, f_corrupted)


def summary(case, arrays, folder):
    """One line on how typical the numbers are."""
    f_clean, f_corrupted = arrays["metric"].tolist()
    pattern = arrays["cache.blocks.0.attn.hook_pattern"][:, -1]
    uniform = math.log(pattern.shape[-1])
    entropy = float(-(pattern * pattern.clamp_min(1e-30).log()).sum(-1).mean())
    gap = max(float(value.abs().max()) for name, value in arrays.items() if name.startswith("completeness."))
    gap300 = max(float(value.abs().max()) for name, value in arrays.items() if name.startswith("completeness300."))
    empty = sum(int(value.isnan().sum()) for name, value in arrays.items() if "_shift" in name)
    size = sum(path.stat().st_size for path in folder.iterdir())
    return (f"{case.name}: F {f_clean:.3f} {f_corrupted:.3f}, logit sd {float(arrays['hf.clean.logits'].std()):.2f}, "
            f"entropy {entropy:.2f} of {uniform:.2f}, gap {gap:.1e} ({gap300:.1e} at 300), {empty} NaN shifts, "
            f"{len(arrays)} arrays, {size / 1e3:.0f} kB")


def main(names):
    torch.set_num_threads(1)
    wanted = lambda name: not names or name in names
    unknown = set(names) - {case.name for case in CASES} - {"gguf", "tokenizer", "tasks", *BESIDE}
    assert not unknown, f"unknown: {sorted(unknown)}"
    for case in CASES:
        if wanted(case.name):
            make_case(case)
        for name in BESIDE:
            has = case.name in CASES_WITH.get(name, (case.name,))
            if has and (wanted(case.name) or wanted(name)):
                make_beside(name, case.name)
    if wanted("tasks"):
        make_tasks()
    if wanted("tokenizer"):
        tokenizer_fixtures.make(FIXTURES / "tokenizer")
    if wanted("gguf"):
        gguf_fixtures.make(FIXTURES / "gguf", write_json)


if __name__ == "__main__":
    main(sys.argv[1:])
