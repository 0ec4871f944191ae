"""Compares these scripts with a case folder made elsewhere: python check_case.py FOLDER...

Every array of its expected.safetensors is computed again; differences are relative to the array's largest entry.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

import checkpoint
from expected import expected

TOLERANCE = 1e-4


def difference(got, want):
    """largest difference relative to the largest finite entry; inf where NaN, infinities or shapes differ"""
    got, want = got.double(), want.double()
    if got.shape != want.shape or not torch.equal(got.isnan(), want.isnan()):
        return float("inf")
    infinite = want.isinf()
    if not torch.equal(got[infinite], want[infinite]) or got.isinf().ne(infinite).any():
        return float("inf")
    finite = ~(infinite | want.isnan())
    if not finite.any():
        return 0.0
    return float((got - want)[finite].abs().max() / want[finite].abs().max().clamp_min(1e-12))


def check(folder):
    folder = Path(folder)
    case = json.loads((folder / "case.json").read_text())
    got = expected(checkpoint.load(folder), case, ("raw", "gradients"))
    want = load_file(folder / "expected.safetensors")
    worst = {name: difference(got[name], value) if name in got else float("inf") for name, value in want.items()}
    off = {name: value for name, value in worst.items() if value > TOLERANCE}
    for name, value in off.items():
        print(f"  OFF {name}: {value:.2e}")
    print(f"{folder.name}: {len(want) - len(off)} of {len(want)} arrays agree, worst {max(worst.values()):.1e} "
          f"({max(worst, key=worst.get)})")
    return not off


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(0 if all([check(folder) for folder in sys.argv[1:]]) else 1)
