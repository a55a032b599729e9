"""Writes ids.json, the ids that this folder's tokenizers must give.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3
    python make_ids.py LLAMA2_TOKENIZER.model > ids.json

The sentencepiece model is not kept here; its ids stand for both llama2 vocabularies.
"""

import json
import sys
from pathlib import Path

import sentencepiece
import tokenizers

HERE = Path(__file__).parent
TEXTS = HERE.joinpath("ggml-vocab-llama-spm.gguf.inp").read_text("utf-8").split("\n__ggml_vocab_test__\n")
TEXTS += [
    "Once upon a time, there was a little girl named Lily.",
    "Once upon a time,  there  was   a    gap.\n\n\nAnd\tmore\r\nlines ",
    "I'll say they've DON'T we'D 'S it's",
    "1 12 123 1234 12345 3.14159 2026-11-01 0x1F \u0663\u0664 \u00bd \u2167",
    "def f(x):\n    return {'a': x**2, \"b\": [1, 2]}  # comment\n",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01 \u65e5\u672c\u8a9e\u306e\u6587 \ud55c\uad6d\uc5b4 \u0e44\u0e17\u0e22 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "e\u0301 \u00e9 A\u030a\u0327 \ufb01 \u2126 \u1e9b\u0323",
    "\U0001f999 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd\u2764\ufe0f",
    "\u00a0no\u2003break\u3000spaces\u200b\ufeff.",
    "a" * 200,
    " " * 50 + "x" + "\n" * 20,
    "\u2581already\u2581meta\u0120gpt",
    "nul\x00 bell\x07 esc\x1b del\x7f",
    "\U0010ffff\ue000\ufffd\ufffe",
    "<0x0A> <0xE2> &lt; <unk",
    "!!!???...---___***@@@###$$$%%%^^^&&&()[]{}<>|\\/~`",
]
SPECIAL = ["<s>a</s> b <unk>", "<|im_start|>user\nhi<|im_end|>\n<|endoftext|>x"]


def fast(name):
    model = tokenizers.Tokenizer.from_file(str(HERE / name))
    model.no_truncation()
    model.no_padding()
    return [model.encode(t).ids for t in TEXTS + SPECIAL]


llama2 = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
print(
    json.dumps(
        {
            "texts": TEXTS + SPECIAL,
            "smollm2-tokenizer.json": fast("smollm2-tokenizer.json"),
            "mistral-tokenizer.json": fast("mistral-tokenizer.json"),
            "mom-4m": fast("mom-4m/tokenizer.json"),
            "llama2 by sentencepiece": [llama2.encode(t) for t in TEXTS],
        },
        ensure_ascii=True,
    )
    .replace('"smollm2', '\n"smollm2')
    .replace('"mistral', '\n"mistral')
    .replace('"mom-4m', '\n"mom-4m')
    .replace('"llama2 by', '\n"llama2 by')
)
