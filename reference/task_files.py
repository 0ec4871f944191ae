"""The six tasks' files of pairs, read a second time: prompts, answers and metrics, each from its definition.

The files have the columns that docs/tasks.md lists. Their `*_idx` columns hold GPT-2's ids; the model here has another
tokenizer, so answers are read from the columns that tell them as text. With p the softmax of the last token's logits:

    ioi, gender_bias, capital_country   logit[right] - logit[wrong]
    greater_than   sum of p over the two-digit tokens above yy - sum of p over those up to yy: 100 tokens in all
    sva            sum of p(plural verbs) - sum of p(singular verbs), sign changed where plural = 0
    hypernymy      sum of p(answers) - sum of p(corrupted answers)

Labels read the logit-level twin of those three: logsumexp of the right logits - logsumexp of the wrong ones.
"""

import ast
import csv
from dataclasses import dataclass

import torch

TWO_DIGITS = [f"{i:02d}" for i in range(100)]
SINGULAR = [" is", " was", " looks", " seems", " has", " needs", " makes", " stands", " belongs", " does"]
PLURAL = [" are", " were", " look", " seem", " have", " need", " make", " stand", " belong", " do"]
PRONOUNS = {"man": (" he", " she"), "woman": (" she", " he")}


@dataclass
class Example:
    clean: list  # token ids
    corrupted: list
    right: list  # ids of the answers, and of the wrong ones
    wrong: list
    measure: object  # F of the last token's logits: [batch, vocab] -> [batch]
    is_set: bool  # F is one of probabilities, and labels read its twin
    reversed: bool = False  # an earlier row is this one with its prompts exchanged

    def twin(self, logits):
        return logits[:, self.right].logsumexp(-1) - logits[:, self.wrong].logsumexp(-1)

    @property
    def label_measure(self):
        return self.twin if self.is_set else self.measure


class Reader:
    """Turns rows into examples. `ids`: text -> token ids, without a beginning-of-sequence token; `bos`: its id."""

    def __init__(self, ids, bos):
        self.ids, self.bos = ids, bos

    def one(self, text):
        (token,) = self.ids(text)
        return token

    def prompts(self, clean, corrupted, shared=()):
        ids = [[self.bos, *self.ids(text), *shared] for text in (clean, corrupted)]
        assert len(ids[0]) == len(ids[1]) and ids[0] != ids[1], (clean, corrupted)
        return ids

    def words(self, row, corrupted, right, wrong):
        """Two answers as texts: what both begin with goes to the end of both prompts."""
        a, b = self.ids(right), self.ids(wrong)
        same = next(i for i in range(min(len(a), len(b))) if a[i] != b[i])
        x, y = a[same], b[same]
        return Example(*self.prompts(row["clean"], row[corrupted], a[:same]), [x], [y],
                       lambda logits: logits[:, x] - logits[:, y], False)

    def ioi(self, row, corrupted):
        wrong, right = differing(row["clean"], row["corrupted_hard"])
        return self.words(row, corrupted, " " + right, " " + wrong)

    def gender_bias(self, row):
        _, person = differing(row["clean"], row["corrupted"])
        wrong, right = PRONOUNS[person]
        return self.words(row, "corrupted", right, wrong)

    def capital_country(self, row):
        return self.words(row, "corrupted", " " + row["country"], " " + row["corrupted_country"])

    def greater_than(self, row):
        year, tokens = int(row["correct_idx"]), [self.one(text) for text in TWO_DIGITS]
        assert f"{year:02d}" in row["clean"] and len(set(tokens)) == 100
        signs = torch.tensor([1.0 if i > year else -1.0 for i in range(100)], dtype=torch.float64)
        return Example(*self.prompts(row["clean"], row["corrupted"]), tokens[year + 1:], tokens[:year + 1],
                       lambda logits: logits.softmax(-1)[:, tokens] @ signs, True)

    def sva(self, row):
        singular, plural = ([self.one(verb) for verb in verbs] for verbs in (SINGULAR, PLURAL))
        sign = {"1": 1, "0": -1}[row["plural"]]

        def measure(logits):
            p = logits.softmax(-1)
            return sign * (p[:, plural].sum(-1) - p[:, singular].sum(-1))

        right, wrong = (plural, singular) if sign > 0 else (singular, plural)
        return Example(*self.prompts(row["clean"], row["corrupted"]), right, wrong, measure, True)

    def hypernymy(self, row):
        right, wrong = ([self.one(" " + word) for word in ast.literal_eval(row[column])]
                        for column in ("answers", "corrupted_answers"))

        def measure(logits):
            p = logits.softmax(-1)
            return p[:, right].sum(-1) - p[:, wrong].sum(-1)

        return Example(*self.prompts(row["clean"], row["corrupted"]), right, wrong, measure, True)


def differing(clean, other):
    """The one word in which two sentences differ, in each of them"""
    (pair,) = [(a, b) for a, b in zip(clean.split(" "), other.split(" "), strict=True) if a != b]
    return pair


# Data set: task, further arguments of its reader, contrast.
SETS = {
    "ioi_swap": ("ioi", ("corrupted_hard",), "swap"),
    "ioi_removal": ("ioi", ("corrupted",), "removal"),
    "gender_bias": ("gender_bias", (), "swap"),
    "greater_than": ("greater_than", (), "removal"),
    "capital_country": ("capital_country", (), "swap"),
    "sva": ("sva", (), "swap"),
    "hypernymy": ("hypernymy", (), "swap"),
}


def read_examples(name, folder, reader):
    """All examples of a data set, in the order of its file."""
    task, more, _ = SETS[name]
    with open(folder / f"{task}.csv", newline="", encoding="utf-8") as file:
        examples = [getattr(reader, task)(row, *more) for row in csv.DictReader(file)]
    seen = []
    for example in examples:
        example.reversed = (example.corrupted, example.clean) in seen
        seen.append((example.clean, example.corrupted))
    return examples
