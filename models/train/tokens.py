"""The tokenizer: byte-level BPE as in GPT-2, trained on generated text until every word of it is one token."""
import random
import re

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import data
import words as W


def training_text(count=60_000):
    """Years are cut into century and two digits, so that " 1732" becomes " 17" and "32". For that the merges
    of centuries must come before those of digits, hence the repetition."""
    for example in data.training_examples(1, count):
        yield re.sub(r" (\d\d)\d\d", r" \1", example.text)
    for _ in range(1_000):
        yield "".join(" " + c for c in W.CENTURIES)
    for _ in range(100):
        yield "\n".join(W.DIGITS)
    yield from (" " + w for w in W.EVENTS + W.PLACES + W.NAMES + list(W.CAPITALS) + list(W.CAPITALS.values()))
    yield from W.NAMES          # and without the space, at the start of a sentence
    yield from W.CAPITALS.values()


def train_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=8_000, min_frequency=1, special_tokens=[data.BOS], show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(training_text(), trainer)
    return tokenizer


def check_tokenizer(tokenizer):
    """Every word that a study may use as an answer, or exchange for another, is one token."""
    single = [" " + w for w in [*W.NAMES, *W.PLACES, *W.EVENTS, *W.CAPITALS, *W.CAPITALS.values(), *data.NOUN_PEOPLE,
                                *W.CENTURIES, *W.ADJECTIVES, "she", "he", "her", "his"]]
    single += [*W.DIGITS, *W.NAMES, *W.CAPITALS.values(), *[w for m, _, _ in data.MEMBERS for w in (" " + m[0], " " + m[1])]]
    single += [" " + w for pair in [*W.NOUNS.items(), *[v[:2] for v in W.VERBS], *[c[:2] for c in W.CATEGORIES]] for w in pair]
    for word in single:
        assert len(tokenizer.encode(word).ids) == 1, f"{word!r} is not one token"
    for century in W.CENTURIES:
        for digits in W.DIGITS:
            assert tokenizer.encode(f" {century}{digits}").tokens == ["Ġ" + century, digits], century + digits
    assert tokenizer.token_to_id(data.BOS) == 0
    known = {t for text in tokenizer.encode_batch([e.text for e in data.training_examples(1, 60_000)]) for t in text.ids}
    for example in data.training_examples(1, 60_000, data.NAMES_TOO):
        assert set(tokenizer.encode(example.text).ids) <= known, example.text
    for task, make in data.MAKE.items():        # held-out sentences hold no token that training never shows
        rng = random.Random(2)
        for example in [make(rng, data.TEST[task], "held-out") for _ in range(2_000)]:
            unknown = set(tokenizer.encode(example.text).ids) - known
            assert not unknown, (example.text, [tokenizer.id_to_token(t) for t in unknown])


if __name__ == "__main__":
    tokenizer = train_tokenizer()
    check_tokenizer(tokenizer)
    print(tokenizer.get_vocab_size(), "tokens")
