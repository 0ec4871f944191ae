"""Trains the embedded model and writes its folder. In three parts: README.md has the commands."""
import argparse
import itertools
import math
import random
import time

import torch
import torch.nn.functional as F

import data
from model import Model, load, save
from tokens import check_tokenizer, train_tokenizer

ANSWER_WEIGHT = 15.0    # of the loss of an answer token, against 1 for any other token
BATCH = 128
CHUNK = 40              # batches that are sorted by length together, so that little is padded
PEAK = 2e-3             # learning rate
STEPS = {1: 1_000, 2: 1_200, 3: 430}
FIRST_CHUNKS = 12       # chunks of part 1 from data.FIRST; the other ones are from data.MIXTURE


def batches(seed, tokenizer, part):
    """Endless batches (ids, weights): BOS, a sentence (in one row of ten, two), BOS again as the end."""
    rng = random.Random(seed)
    for chunk in itertools.count():
        rows = []
        mixture = data.BALANCE if part == 3 else data.NAMES_TOO if part == 2 else data.FIRST if chunk < FIRST_CHUNKS else data.MIXTURE
        examples = iter(data.training_examples(rng.random(), BATCH * CHUNK * 2, mixture))
        for _ in range(BATCH * CHUNK):
            row, weights, before = [0], [0.0], ""
            for _ in range(2 if rng.random() < 0.1 else 1):
                example = next(examples)
                for text, weight in ((before + example.prompt, 1.0), (example.answer, ANSWER_WEIGHT), (example.rest, 1.0)):
                    ids = tokenizer.encode(text).ids if text else []
                    row += ids
                    weights += [weight] * len(ids)
                before = " "
            rows.append((row + [0], weights + [1.0]))
        rows.sort(key=lambda r: len(r[0]) + rng.random())
        cut = [rows[i:i + BATCH] for i in range(0, len(rows), BATCH)]
        rng.shuffle(cut)
        for batch in cut:
            length = max(len(r) for r, _ in batch)
            ids = torch.tensor([r + [0] * (length - len(r)) for r, _ in batch])
            weights = torch.tensor([w + [0.0] * (length - len(w)) for _, w in batch])
            yield ids, weights


def learning_rate(part, step, steps):
    """Part 1 is the first half of a cosine; part 2 goes down in a straight line to a quarter, part 3 from a half to 0."""
    if part == 1:
        return PEAK * min(step / 60, 0.5 * (1 + math.cos(math.pi * step / (2 * steps))) + 0.01)
    if part == 2:
        return PEAK * min(step / 60, 1 - step / (4 * steps / 3 + 1))
    return 0.5 * PEAK * min(step / 20, 1 - step / (steps + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--part", type=int, choices=(1, 2, 3), required=True)
    parser.add_argument("--start", help="for parts 2 and 3: the folder that the part before wrote")
    parser.add_argument("--steps", type=int, help="default: 1,000, 1,200 and 430")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=int, default=200, help="write the unfinished model every so many steps")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    steps = options.steps or STEPS[options.part]
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    tokenizer = train_tokenizer()
    check_tokenizer(tokenizer)
    model = load(options.start).train() if options.part > 1 else Model(tokenizer.get_vocab_size())
    decay = [p for p in model.parameters() if p.dim() == 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}],
                                  lr=PEAK, betas=(0.9, 0.98))
    started, answers, count = time.time(), 0.0, 0
    rows = batches(options.seed + options.part - 1, tokenizer, options.part)
    for step, (ids, weights) in zip(range(1, steps + 1), rows):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(options.part, step, steps)
        x, keep = model(ids[:, :-1]), weights[:, 1:] > 0
        losses = F.cross_entropy(model.logits(x[keep]), ids[:, 1:][keep], reduction="none")
        w = weights[:, 1:][keep]
        (losses * w).sum().div(w.sum()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        answers, count = answers + losses[w > 1].mean().item(), count + 1
        if step % 100 == 0 or step == steps:
            print(f"step {step}  loss of answers {answers / count:.3f}  all {losses.mean().item():.3f}  "
                  f"{time.time() - started:.0f} s", flush=True)
            answers = count = 0
        if step % options.save_every == 0 or step == steps:
            save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
