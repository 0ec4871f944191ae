"""A GPT-2-form model in which every head's role is known by construction: python check_planted.py

Names are directions of the residual stream. Copying heads read x at position 1 (is it ONE?) and write a name to the last
token; gate neurons combine names into `out`. Norms are made linear: a large constant direction fixes their scale.
Clean = BOS ONE END, corrupted = BOS ZERO END; F = 3.5 clean, -2 corrupted.
"""

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from attribution import layer_scores
from effects import effects
from hooked import hook
from mediation import mediation
from runs import DIRECTIONS, Pair

LAYERS, HEADS, WIDTH, NEURONS, D_MODEL = 3, 8, 4, 16, 32
BOS, ONE, ZERO, END, _, ANSWER, WRONG = range(7)
NAMES = "ball x p0 p1 p2 A1 B1 A2 B2 C1 D1 C2 D2 P out junk".split()
LINEAR = D_MODEL**0.5 / 1000  # what a norm multiplies by
COPIES = [  # layer, head, name, weight
    (0, 0, "A1", 1), (1, 0, "B1", 1), (0, 1, "A2", 1), (0, 2, "B2", 1), (0, 3, "C1", 1), (1, 1, "D1", 1),
    (1, 2, "C2", 1), (1, 3, "D2", 1), (0, 4, "P", 1), (1, 4, "P", 1), (0, 5, "out", 1), (0, 6, "out", -0.5),
    (1, 5, "junk", 3)]
BACKUP = (1, 4)
GATES = [  # signed names, bias, weight
    ({"A1": 1, "B1": 1}, -1, 1), ({"A2": 1, "B2": 1}, -1, 1), ({"C1": -1, "D1": -1}, 1, -1),
    ({"C2": -1, "D2": -1}, 1, -1), ({"P": 1}, 0, 1)]
# layer.head: AP noising, denoising; IG noising, denoising
TRUTH = {
    (0, 0): (1, 0, 1, 0), (1, 0): (1, 0, 1, 0), (0, 1): (1, 0, 0.5, 0.5), (0, 2): (1, 0, 0.5, 0.5),
    (0, 3): (0, 1, 0, 1), (1, 1): (0, 1, 0, 1), (1, 2): (0, 1, 0.5, 0.5), (1, 3): (0, 1, 0.5, 0.5),
    (0, 4): (0, 1, 0, 1), (1, 4): (0, 0, 0, 0), (0, 5): (1, 1, 1, 1), (0, 6): (-0.5, -0.5, -0.5, -0.5),
    (1, 5): (0, 0, 0, 0)}
TOLERANCE = 3e-4


def direction(name):
    u = torch.zeros(D_MODEL, dtype=torch.float64)
    n = NAMES.index(name)
    u[2 * n], u[2 * n + 1] = 0.5**0.5, -(0.5**0.5)
    return u


def planted():
    config = GPT2Config(n_layer=LAYERS, n_head=HEADS, n_embd=D_MODEL, n_inner=NEURONS, vocab_size=7, n_positions=3,
                        tie_word_embeddings=False, attn_implementation="eager")
    model = GPT2LMHeadModel(config).double().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if "ln_" in name and name.endswith("weight") else 0.0)
        body = model.transformer
        body.wte.weight[ONE] = direction("x")
        for i in range(3):
            body.wpe.weight[i] = 1000 * direction("ball") + direction(f"p{i}")
        for layer, head, name, weight in COPIES:
            copying_head(body.h[layer].attn, head, name, weight, backup=(layer, head) == BACKUP)
        for i, (signs, bias, weight) in enumerate(GATES):
            mlp = body.h[2].mlp
            mlp.c_fc.weight[:, i] = 20 / LINEAR * sum(sign * direction(name) for name, sign in signs.items())
            mlp.c_fc.bias[i] = 20 * bias
            mlp.c_proj.weight[i] = weight / 20 * direction("out")
        model.lm_head.weight[ANSWER] = direction("out") / (2 * LINEAR)
        model.lm_head.weight[WRONG] = -direction("out") / (2 * LINEAR)
    return model


def copying_head(attn, head, name, weight, backup):
    q, k, v = (part * D_MODEL + head * WIDTH for part in range(3))
    attn.c_attn.bias[q] = 12 * WIDTH**0.5
    attn.c_attn.weight[:, k] = direction("p1") / LINEAR
    attn.c_attn.weight[:, v] = direction("x") / LINEAR
    attn.c_proj.weight[head * WIDTH] = weight * direction(name)
    if backup:
        attn.c_attn.weight[:, q] = -24 * WIDTH**0.5 * direction("P") / LINEAR


def head_table(values):
    full = torch.zeros(LAYERS, HEADS, dtype=torch.float64)
    for place, value in values.items():
        full[place] = value
    return full


def check(name, got, want):
    error = float((torch.as_tensor(got) - torch.as_tensor(want)).abs().max())
    print(f"{'ok ' if error < TOLERANCE else 'OFF'} {name}: {error:.1e}")
    return error < TOLERANCE


def main():
    torch.set_num_threads(1)
    pair = Pair(hook(planted()), [BOS, ONE, END], [BOS, ZERO, END], ANSWER, WRONG)
    good = [check("F", [pair.f("clean"), pair.f("corrupted")], [3.5, -2.0])]
    for i, way in enumerate(DIRECTIONS):
        sign = -1 if way == "noising" else 1
        ap = effects(pair, way)[0]
        good.append(check(f"AP heads {way}", sign * ap["heads"], head_table({k: v[i] for k, v in TRUTH.items()})))
        gates = torch.zeros(LAYERS, NEURONS, dtype=torch.float64)
        gates[2, : len(GATES)] = 1
        good.append(check(f"AP neurons {way}", sign * ap["neurons"], gates))
        ig = layer_scores(pair, way, "heads", 300).sum(1)
        good.append(check(f"IG heads {way}", sign * ig, head_table({k: v[2 + i] for k, v in TRUTH.items()})))
        via, interaction = mediation(pair, way, ap["heads"])
        noising = way == "noising"
        good.append(check(f"via primary, backup {way}", via[0, 4, 1, 4], 1.0 if noising else 0.0))
        good.append(check(f"interaction primary, backup {way}", interaction[0, 4, 1, 4], -1.0 if noising else 0.0))
        good.append(check(f"interaction AND {way}", interaction[0, 0, 1, 0], 1.0))
        good.append(check(f"interaction OR {way}", interaction[0, 3, 1, 1], -1.0))
    return all(good)


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
