"""A small byte-level BPE under the four pre-tokenizers, and what Python `tokenizers` makes of some texts.

The pre-tokenizers go by llama.cpp's names; their expressions are those of the published tokenizer.json files:

gpt-2      GPT-2's expression (built into ByteLevel)
smollm     every digit alone, then GPT-2's expression
llama-bpe  Llama 3's expression, digits in groups of three; a whole piece that is a token is taken as it is
           (ignore_merges); the post-processor adds BOS
qwen2      Qwen 2's expression, every digit alone; tokenizer.json normalises to NFC, which GGUF readers do not
"""

import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PRES = ("gpt-2", "smollm", "llama-bpe", "qwen2")
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
BOS, EOS = 1, 2
VOCABULARY = 640
WHOLE_ONLY = "Ġmediators"  # a token that no merge makes: only ignore_merges finds it

WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")

WIDE = r"\s?\S+|\s+"  # what the merges are trained on: they cross every border that a pre-tokenizer should draw

SENTENCES = [
    "When John and Mary went to the store, John gave a bottle of milk to Mary.",
    "After Paul and Anna sat down in the garden, Paul handed the letter to Anna.",
    "The war lasted from the year 1732 to the year 1745, and 1999 came after 1984.",
    "The capital of France is Paris; the capital of Italy is Rome.",
    "The keys to the cabinet are on the table, but the key isn't here.",
    "They've said they'll come, she's late and I'm not sure we'd wait; you're right, don't worry.",
    "A robin is a kind of bird, and (of course) an oak is a kind of tree.",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))\n",
    "Café, naïve, Zürich, señor: accents above letters. Größe, façade.",
    "In 2024 there were 365 days... or 366?\r\nWait -- it was 366!\n\n",
    "Привет, мир. Привет, Москва.",
]
DRILLS = [
    "1732 1745 1984 2024 17 19 365 42 1234567 1,000,000 x2y x2y34z 3.14159 year 1984,",
    "DON'T I'M THEY'VE YOU'LL WE'D SHE'S 'S 'T roll's 'n' roll's ’s",
    "(of (the [the] {a} a+b a+b==c f(x): (x) x) _under _score \"the the\" 'quoted' #tag @user //example.com/a?b",
    "\n\n\n\treturn x\n\treturn x\r\n   a   a  b  b\n  b\n  b \n \n!!!\n...\n,\n\n",
]

TEXTS = [
    "", " ", "  ", "\n", "Hello", " Hello", "Hello  world", "  two before", "two after  ",
    "When John and Mary went to the store, John gave a bottle of milk to",
    "When John and Mary went to the store, Paul gave a bottle of milk to ",
    "The war lasted from the year 1732 to the year 17",
    "7", "42", " 365", "1234567", "3.14159", "1,000,000", "x2y34z", "½ and ² and ٣٤", "Ⅷ",
    "don't, I'm, they've, you'll, we'd, she's, you're", "DON'T I'M THEY'VE YOU'LL WE'D SHE'S YOU'RE", "rock 'n' roll's",
    "’s a curly quote’s", "café naïve Zürich", "cafe\u0301 nai\u0308ve", "Привет, мир!", "日本語のテキスト", "한국어",
    "emoji 🙂👩‍👩‍👧 done", "a\tb\t\tc", "line one\nline two\n\nline four\r\nlast", "\n\n  \n x", "trailing newline\n",
    "   \n", "a  \n  b", "no\u00a0break\u2003space", "(parenthesis) [bracket] {brace}", "...!?—–-", "a+b==c&&d||e", "#hashtag @user",
    "http://example.com/a?b=c", "def f(x):\n\treturn x  # comment\n", "'quoted' \"double\"", "'S 'T", "_under_score__",
    "word mediators word", "mediators", " mediators", "<|im_start|>user\nHi<|im_end|>\n", "a<|endoftext|>b", "\u0000\u0001\u007f",
    "é" * 3 + "e\u0301" * 3, "ſ ß ẞ İ", "\u200b\ufeff",
]


def by_expression(expression):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(expression), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def split(pre):
    return {
        "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
        "smollm": lambda: pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        "llama-bpe": lambda: by_expression(WORDS % "{1,3}"),
        "qwen2": lambda: by_expression(WORDS % ""),
    }[pre]()


def train():
    """(vocabulary {token: id}, merges), one for all pre-tokenizers"""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = by_expression(WIDE)
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY - 1, special_tokens=SPECIALS, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), min_frequency=1)
    tokenizer.train_from_iterator(SENTENCES + DRILLS * 5, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = model["vocab"]
    assert len(vocabulary) == VOCABULARY - 1 and WHOLE_ONLY not in vocabulary
    return vocabulary | {WHOLE_ONLY: VOCABULARY - 1}, [tuple(pair) for pair in model["merges"]]


def tokenizer_for(pre, vocabulary, merges):
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = split(pre)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    if pre == "llama-bpe":
        bos = SPECIALS[BOS]
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, BOS)])])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    return tokenizer


def cases(tokenizer):
    """ids: without, ids_with_special: with what the post-processor adds; ids_gguf: without any normalising"""
    encode = lambda **more: [tokenizer.encode(text, **more).ids for text in TEXTS]
    out = {"ids": encode(add_special_tokens=False), "ids_with_special": encode(add_special_tokens=True)}
    out["pieces"] = [[tokenizer.decode([i], skip_special_tokens=False) for i in ids] for ids in out["ids"]]
    bare = Tokenizer.from_str(tokenizer.to_str())
    bare.normalizer = normalizers.Sequence([])
    out["ids_gguf"] = [bare.encode(text, add_special_tokens=False).ids for text in TEXTS]
    return out


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = train()
    out = {}
    for pre in PRES:
        tokenizer = tokenizer_for(pre, vocabulary, merges)
        tokenizer.save(str(folder / f"{pre}.json"))
        out[pre] = cases(tokenizer)
    rows = [f'"texts": {json.dumps(TEXTS)}']
    rows += [f'"{pre}.{key}": {json.dumps(value)}' for pre in PRES for key, value in out[pre].items()]
    (folder / "cases.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    apart = {f"{a} / {b}": sum(x != y for x, y in zip(out[a]["ids"], out[b]["ids"]))
             for i, a in enumerate(PRES) for b in PRES[:i]}
    nfc = sum(x != y for x, y in zip(out["qwen2"]["ids"], out["qwen2"]["ids_gguf"]))
    print(f"tokenizer: {len(TEXTS)} texts, tokenised differently: {apart}, by NFC: {nfc}")
