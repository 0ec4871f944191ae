"""Sentence generators. Each task has one function that makes an Example from chosen templates and fillers.

A filler is held out for a *role*: it never stands in that role in training, but it does occur in other
sentences, so that its embedding is trained. `fillers` is "train" or "held-out".
"""
import hashlib
import random
import re
from dataclasses import dataclass, field

import templates as T
import words as W

BOS = "<|endoftext|>"


@dataclass
class Example:
    task: str
    prompt: str
    answer: str                     # empty in filler sentences
    rest: str
    right: list = field(default_factory=list)   # strings of one token; right counts as the answer,
    wrong: list = field(default_factory=list)   # wrong is what it is compared with
    kind: str = ""                  # a subdivision for the evaluation

    @property
    def text(self):
        return self.prompt + self.answer + self.rest


def chance(*key):
    """A number in [0, 1) that depends on the key alone, the same in every run."""
    return int(hashlib.sha256("/".join(key).encode()).hexdigest()[:8], 16) / 2**32


def fill(template, **slots):
    text = re.sub(r"\{(\w+)\}", lambda m: slots[m.group(1)], template)
    prompt, answer, rest = (text.split("|") + ["", ""])[:3]
    return prompt[0].upper() + prompt[1:], answer, rest


# ---- indirect object identification

IOI_NAMES = [n for n in W.NAMES if n not in W.IOI_HELD_OUT_NAMES]
IOI_PLACES = [p for p in W.PLACES if p not in W.IOI_HELD_OUT_PLACES]
IOI_THINGS = [t for t in W.THINGS if t not in W.IOI_HELD_OUT_THINGS]


def pair_is_held_out(a, b):
    """10% of the unordered pairs of names; John and Mary are one of them."""
    return {a, b} == {"John", "Mary"} or chance("pair", *sorted((a, b))) < 0.1


def ioi(rng, templates, fillers, three=None, kind=None):
    """kind, for held-out fillers: "pairs" (both names known, never together), "names" (both names held out),
    "scenes" (place and thing held out as well as the pair)."""
    kind = kind or (rng.choice(["pairs", "names", "scenes"]) if fillers == "held-out" else "seen")
    while True:
        a, b, c = rng.sample(W.IOI_HELD_OUT_NAMES if kind == "names" else IOI_NAMES, 3)
        if kind == "names" or pair_is_held_out(a, b) == (kind in ("pairs", "scenes")):
            break
    place = rng.choice(W.IOI_HELD_OUT_PLACES if kind == "scenes" else IOI_PLACES)
    thing = rng.choice(W.IOI_HELD_OUT_THINGS if kind == "scenes" else IOI_THINGS)
    if three is None:
        three = rng.random() < 0.25
    io, other = rng.sample([a, b], 2)
    giver = c if three else other
    text = fill(rng.choice(templates), A=a, B=b, S=giver, IO=io, place=place, thing=thing)
    return Example("ioi", *text, right=[" " + io], wrong=[" " + other], kind="three names" if three else kind)


# ---- gender

def person(noun_or_name):
    return noun_or_name if noun_or_name in W.NAMES else "the " + noun_or_name


PEOPLE = {  # word -> probability of "she"
    **{w: 0.9 for w in W.FEMALE_LEANING}, **{w: 0.1 for w in W.MALE_LEANING}, **{w: 0.5 for w in W.NEUTRAL},
    **{w: 1.0 for w in W.FEMALE_WORDS + W.FEMALE_NAMES}, **{w: 0.0 for w in W.MALE_WORDS + W.MALE_NAMES},
}
NOUN_PEOPLE = [w for w in PEOPLE if w not in W.NAMES]


def pick_person(rng, held_out):
    words = W.NAMES if rng.random() < 0.45 else NOUN_PEOPLE
    return rng.choice([w for w in words if (w in W.GENDER_HELD_OUT) == held_out])


def gender(rng, templates, fillers, who=None):
    who = who or pick_person(rng, fillers == "held-out")
    she = rng.random() < PEOPLE[who]
    place = rng.choice(W.PLACES)
    text = fill(rng.choice(templates), Who=person(who).replace("the ", "The "), who=person(who),
                he="she" if she else "he", place=place,
                end=rng.choice(T.GENDER_ENDS).format(place=place), end2=rng.choice(T.GENDER_ENDS_2).format(place=place))
    expected = [" she", " he"] if PEOPLE[who] > 0.5 else [" he", " she"]
    kind = {0.9: "leaning noun", 0.1: "leaning noun", 0.5: "neutral noun"}.get(
        PEOPLE[who], "name" if who in W.NAMES else "gendered noun")
    return Example("gender", *text, right=expected[:1], wrong=expected[1:], kind=kind)


def possessive(rng):
    who = rng.choice(W.NAMES if rng.random() < 0.35 else NOUN_PEOPLE)
    if rng.random() < 0.4:
        who = rng.choice(W.GENDER_HELD_OUT)
    she = rng.random() < PEOPLE[who]
    return Example("other", *fill(rng.choice(T.POSSESSIVE), Who=person(who).replace("the ", "The "), who=person(who),
                                  his="her" if she else "his", place=rng.choice(W.PLACES), own=rng.choice(T.OWN)))


# ---- greater-than

def year_is_held_out(century, year):
    """15% of the first years: a century with its two digits."""
    return chance("year", century, year) < 0.15


def years(rng, templates, fillers):
    held_out = fillers == "held-out"
    event = rng.choice([e for e in W.EVENTS if (e in W.EVENTS_HELD_OUT) == held_out])
    while True:
        century, y = rng.choice(W.CENTURIES), rng.randint(2, 97)
        if year_is_held_out(century, W.DIGITS[y]) == held_out:
            break
    z = rng.randint(y + 1, 99)
    text = fill(rng.choice(templates), event=event, c=century, y=W.DIGITS[y], z=W.DIGITS[z])
    return Example("greater-than", *text, right=W.DIGITS[y + 1:], wrong=W.DIGITS[:y + 1])


# ---- capitals

COUNTRIES = list(W.CAPITALS)


def capital(rng, templates, fillers, direction=None):
    """templates: (country -> capital, capital -> country)."""
    direction = rng.randint(0, 1) if direction is None else direction
    held = [W.HELD_OUT_COUNTRY_TO_CAPITAL, W.HELD_OUT_CAPITAL_TO_COUNTRY][direction]
    country = rng.choice([c for c in COUNTRIES if (c in held) == (fillers == "held-out")])
    text = fill(rng.choice(templates[direction]), country=country, capital=W.CAPITALS[country])
    others = [W.CAPITALS[c] for c in COUNTRIES] if direction == 0 else COUNTRIES
    return Example("capital-country", *text, right=[text[1]], wrong=[" " + w for w in others if " " + w != text[1]],
                   kind=["country to capital", "capital to country"][direction])


def together(rng):
    country = rng.choice(COUNTRIES)
    return Example("other", *fill(rng.choice(T.TOGETHER), country=country, capital=W.CAPITALS[country],
                                  name=rng.choice(W.NAMES)))


# ---- agreement

LEMMAS = list(W.NOUNS)


def agreement(rng, templates, fillers, plain=False):
    """Held out are nouns as subject before a distractor; `plain` sentences have no distractor and every noun."""
    held_out = fillers == "held-out"
    lemma = rng.choice([n for n in LEMMAS if plain or (n in W.SUBJECTS_HELD_OUT) == held_out])
    other = rng.choice(LEMMAS)
    plural, other_plural = rng.random() < 0.5, rng.random() < 0.5
    pair = rng.choice(W.VERBS if rng.random() < 0.6 else W.VERBS[:2])
    verb, wrong = (pair[1], pair[0]) if plural else (pair[0], pair[1])
    end = rng.choice(W.ADJECTIVES) if pair[2] == "adjective" else pair[2]
    text = fill(rng.choice(templates), n=W.NOUNS[lemma] if plural else lemma,
                m=W.NOUNS[other] if other_plural else other, adj=rng.choice(W.ADJECTIVES), verb=verb, end=end)
    kind = "no distractor" if plain else "same number" if plural == other_plural else "other number"
    return Example("agreement", *text, right=[" " + verb], wrong=[" " + wrong], kind=kind)


# ---- hypernymy

MEMBERS = [(m, cat, cats) for cat, cats, members in W.CATEGORIES for m in members]


def member_slots(m, category):
    return m[0] if category in W.UNCOUNTABLE else W.article(m[0])


def hypernym(rng, templates, fillers, direction=None):
    """templates: (is a kind of, and other)."""
    direction = rng.randint(0, 1) if direction is None else direction
    m, cat, cats = rng.choice([x for x in MEMBERS if (x[0][0] in W.MEMBERS_HELD_OUT) == (fillers == "held-out")])
    q = rng.choice([x[0] for x in MEMBERS if x[1] == cat and x[0] != m and
                    (x[0][0] in W.MEMBERS_HELD_OUT) == (fillers == "held-out")])
    x = member_slots(m, cat)
    chosen = [t for t in templates[direction] if not (cat in W.UNCOUNTABLE and t.startswith("{X}"))]
    text = fill(rng.choice(chosen), x=x, X=x[0].upper() + x[1:], p=m[1], q=q[1], cat=cat, cats=cats)
    names = [c[direction] for c in W.CATEGORIES]
    return Example("hypernymy", *text, right=[text[1]], wrong=[" " + c for c in names if " " + c != text[1]],
                   kind=["kind of", "and other"][direction])


def member(rng):
    m, cat, cats = rng.choice(MEMBERS)
    chosen = T.MEMBER[2:] if cat in W.UNCOUNTABLE else T.MEMBER
    return Example("other", *fill(rng.choice(chosen), x=member_slots(m, cat), p=m[1], cat=cat, cats=cats))


def filler(rng):
    a, b = rng.sample(W.NAMES, 2)
    place, place2 = rng.sample(W.PLACES, 2)
    return Example("other", *fill(rng.choice(T.FILLER), A=a, B=b, place=place, place2=place2,
                                  thing=rng.choice(W.THINGS), event=rng.choice(W.EVENTS), who=rng.choice(NOUN_PEOPLE)))


def naming(rng):
    a = rng.choice(W.IOI_HELD_OUT_NAMES if rng.random() < 0.5 else W.NAMES)
    b = rng.choice([n for n in W.NAMES if n != a])
    return Example("other", *fill(rng.choice(T.NAMING), A=a, B=b))


# ---- mixtures

TRAIN = {"ioi": T.IOI_TRAIN, "gender": T.GENDER_TRAIN, "greater-than": T.YEARS_TRAIN,
         "capital-country": (T.TO_CAPITAL_TRAIN, T.TO_COUNTRY_TRAIN), "agreement": T.AGREEMENT_TRAIN,
         "hypernymy": (T.KIND_TRAIN, T.OTHER_TRAIN)}
TEST = {"ioi": T.IOI_TEST, "gender": T.GENDER_TEST, "greater-than": T.YEARS_TEST,
        "capital-country": (T.TO_CAPITAL_TEST, T.TO_COUNTRY_TEST), "agreement": T.AGREEMENT_TEST,
        "hypernymy": (T.KIND_TEST, T.OTHER_TEST)}
MAKE = {"ioi": ioi, "gender": gender, "greater-than": years, "capital-country": capital, "agreement": agreement,
        "hypernymy": hypernym}

def shares(**share):
    """Pairs (share of the training sentences, generator)."""
    make = {
        "ioi": lambda rng: ioi(rng, TRAIN["ioi"], "train"),
        "two_names": lambda rng: ioi(rng, TRAIN["ioi"], "train", three=False),
        "three_names": lambda rng: ioi(rng, TRAIN["ioi"], "train", three=True),
        "gender": lambda rng: gender(rng, TRAIN["gender"], "train"), "possessive": possessive,
        "years": lambda rng: years(rng, TRAIN["greater-than"], "train"),
        "capital": lambda rng: capital(rng, TRAIN["capital-country"], "train"), "together": together,
        "agreement": lambda rng: agreement(rng, TRAIN["agreement"], "train"),
        "plain": lambda rng: agreement(rng, T.PLAIN_SUBJECT, "train", plain=True),
        "hypernym": lambda rng: hypernym(rng, TRAIN["hypernymy"], "train"), "member": member,
        "filler": filler, "naming": naming,
    }
    return [(w, make[name]) for name, w in share.items()]


# The tokenizer is trained on MIXTURE. The model reads FIRST, then MIXTURE, NAMES_TOO and BALANCE: see README.md.
MIXTURE = shares(ioi=0.27, gender=0.10, possessive=0.05, years=0.16, capital=0.07, together=0.05, agreement=0.11,
                 plain=0.05, hypernym=0.06, member=0.04, filler=0.04)
FIRST = [*shares(two_names=0.5), *((0.68 * w, make) for w, make in MIXTURE[1:])]
NAMES_TOO = shares(ioi=0.34, gender=0.09, possessive=0.04, years=0.12, capital=0.06, together=0.04, agreement=0.10,
              plain=0.04, hypernym=0.05, member=0.03, filler=0.02, naming=0.07)
BALANCE = shares(two_names=0.30, three_names=0.30, gender=0.07, possessive=0.02, years=0.08, capital=0.04, together=0.02,
                 agreement=0.07, plain=0.02, hypernym=0.03, member=0.01, filler=0.02, naming=0.02)


def training_examples(seed, count, mixture=MIXTURE):
    rng = random.Random(seed)
    makers = rng.choices([m for _, m in mixture], [w for w, _ in mixture], k=count)
    return [make(rng) for make in makers]
