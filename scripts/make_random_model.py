#!/usr/bin/env python3
"""Makes a LLaMA model of random weights, for timing only: a shape that no published file of this machine has.

    scripts/make_random_model.py 1b OUT                       a Hugging Face folder, bf16, with a tokenizer
    scripts/make_random_model.py 1b OUT.gguf --gguf q8_0      the same shape as GGUF: f32, bf16, q8_0 or q4_0
    scripts/make_random_model.py 1b OUT.gguf --gguf q8_0 --moe 8 4    its FFN as 8 experts of which a token uses 4, an
                                                              eighth of the width each: half of the FFN, in llama.cpp

Shapes: tiny, 135m (SmolLM2's), 1b (TinyLlama's: 22 layers of 2048), 3b (26 layers of 3200). Wants numpy; writes tensor by
tensor, so that memory stays small. Weights repeat 4 million random numbers of a normal distribution of 0.02; norms are 1.
scripts/make_random_sparse.sh makes a sparse folder of such a folder. Other types (q4_K_M): decode_peers.py makes them by
llama.cpp from a bf16 file.
"""
import argparse
import json
import os
import struct

import numpy as np

SHAPES = {  # layers, hidden, FFN, heads, key-value heads, vocabulary, tied, context
    "tiny": (2, 256, 768, 4, 2, 2048, True, 4608),
    "135m": (30, 576, 1536, 9, 3, 49152, True, 4608),
    "1b": (22, 2048, 5632, 32, 4, 32000, False, 4608),
    "3b": (26, 3200, 8640, 32, 32, 32000, False, 4608),
}
SPECIAL = 256  # the vocabulary's last tokens
GGUF = {"f32": (0, 0, 1, 4), "bf16": (30, 32, 1, 2), "q8_0": (8, 7, 32, 34), "q4_0": (2, 2, 32, 18)}  # type, file, block, bytes

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("shape", choices=SHAPES)
parser.add_argument("out")
parser.add_argument("--gguf", choices=GGUF, metavar="TYPE", help="one GGUF file of %s" % ", ".join(GGUF))
parser.add_argument("--layers", type=int, help="fewer or more layers than the shape has")
parser.add_argument("--moe", nargs=2, type=int, metavar=("EXPERTS", "USED"), help="with --gguf: the FFN in experts")
args = parser.parse_args()
layers, hidden, ffn, heads, kv_heads, vocabulary, tied, context = SHAPES[args.shape]
if args.layers is not None:
    layers = args.layers
    if layers < 1:
        parser.error("--layers %d: a model has at least 1" % layers)
if args.moe and not args.gguf:
    parser.error("--moe is for --gguf: make_random_sparse.sh makes sparse folders")
if args.moe and (args.moe[0] < 1 or ffn % (args.moe[0] * 32) or not 1 <= args.moe[1] <= args.moe[0]):
    parser.error("--moe %d %d: an FFN of %d wants a number of experts that leaves each a multiple of 32, and 1 to as many "
                 "in use" % (*args.moe, ffn))
if os.path.exists(args.out):
    parser.error("%s exists: name another place" % args.out)
kv = kv_heads * hidden // heads
NUMBERS = (np.random.default_rng(1).standard_normal(1 << 22) * 0.02).astype(np.float32)


def encode(values, kind):
    """Bytes of numbers in a type, round to nearest."""
    if kind == "f32":
        return values.tobytes()
    if kind == "bf16":
        bits = values.view(np.uint32)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16).tobytes()
    blocks = values.reshape(-1, 32)
    largest = np.abs(blocks).max(1)
    steps = 127 if kind == "q8_0" else 7
    scale = (largest / steps).astype(np.float16)
    q = np.round(blocks / scale.astype(np.float32)[:, None]).clip(-steps, steps).astype(np.int8)
    if kind == "q8_0":
        packed = q.view(np.uint8)
    else:
        q = (q + 8).view(np.uint8)
        packed = q[:, :16] | q[:, 16:] << 4
    return np.concatenate([scale.view(np.uint8).reshape(-1, 2), packed], axis=1).tobytes()


def tokens():
    """Bytes as GPT-2 writes them, pairs of them with their merges, fillers, special ones: names, merges."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in plain] + [chr(256 + i) for i in range(256 - len(plain))]
    names, merges = list(letters), []
    for a in letters:
        for b in letters:
            if len(names) < vocabulary - SPECIAL:
                names.append(a + b)
                merges.append(a + " " + b)
    while len(names) < vocabulary - SPECIAL:
        names.append("zz%d" % len(names))
    return names, merges, ["<|begin_of_text|>", "<|end_of_text|>"] + ["<|reserved_%d|>" % i for i in range(SPECIAL - 2)]


def repeat(file, unit, size, at):
    """size bytes of a repeated pattern, from its byte `at` on."""
    while size > 0:
        piece = unit[at:at + size]
        file.write(piece)
        size -= len(piece)
        at = 0


def write_folder(out):
    tensors = [("model.embed_tokens.weight", (vocabulary, hidden))]
    for i in range(layers):
        p = "model.layers.%d." % i
        tensors += [(p + "input_layernorm.weight", (hidden,)), (p + "self_attn.q_proj.weight", (hidden, hidden)),
                    (p + "self_attn.k_proj.weight", (kv, hidden)), (p + "self_attn.v_proj.weight", (kv, hidden)),
                    (p + "self_attn.o_proj.weight", (hidden, hidden)),
                    (p + "post_attention_layernorm.weight", (hidden,)), (p + "mlp.gate_proj.weight", (ffn, hidden)),
                    (p + "mlp.up_proj.weight", (ffn, hidden)), (p + "mlp.down_proj.weight", (hidden, ffn))]
    tensors.append(("model.norm.weight", (hidden,)))
    if not tied:
        tensors.append(("lm_head.weight", (vocabulary, hidden)))
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    unit = encode(NUMBERS, "bf16")
    os.makedirs(out)
    with open(out + "/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for i, (name, shape) in enumerate(tensors):
            if "norm" in name:
                file.write(np.full(shape, 0x3F80, np.uint16).tobytes())
            else:
                repeat(file, unit, 2 * int(np.prod(shape)), i * 1022 % len(unit))
    names, merges, special = tokens()

    def write(name, content):
        with open("%s/%s" % (out, name), "w") as file:
            json.dump(content, file)

    write("config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": ffn,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary, "max_position_embeddings": context, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "hidden_act": "silu", "bos_token_id": vocabulary - SPECIAL, "eos_token_id": vocabulary - SPECIAL + 1,
        "tie_word_embeddings": tied, "torch_dtype": "bfloat16"})
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": vocabulary - SPECIAL + i, "content": s, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True} for i, s in enumerate(special)],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {s: i for i, s in enumerate(names + special)}, "merges": merges}})
    write("tokenizer_config.json", {"bos_token": special[0], "eos_token": special[1],
                                    "tokenizer_class": "PreTrainedTokenizerFast"})
    return at


def write_gguf(out, kind):
    experts, used = args.moe or (1, 1)
    names, merges, special = tokens()
    facts = []

    def fact(key, code, data):
        facts.append(struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", code) + data)

    def string(s):
        s = s.encode()
        return struct.pack("<Q", len(s)) + s

    def number(key, value):
        fact(key, 4, struct.pack("<I", value))

    def strings(key, values):
        fact(key, 9, struct.pack("<IQ", 8, len(values)) + b"".join(map(string, values)))

    fact("general.architecture", 8, string("llama"))
    fact("general.name", 8, string("random " + args.shape))
    number("general.alignment", 32)
    number("general.file_type", GGUF[kind][1])
    for key, value in {"context_length": context, "embedding_length": hidden, "block_count": layers,
                       "feed_forward_length": ffn // experts, "attention.head_count": heads,
                       "attention.head_count_kv": kv_heads, "rope.dimension_count": hidden // heads,
                       "vocab_size": vocabulary}.items():
        number("llama." + key, value)
    if args.moe:
        number("llama.expert_count", experts)
        number("llama.expert_used_count", used)
    fact("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5))
    fact("llama.rope.freq_base", 6, struct.pack("<f", 10000.0))
    fact("tokenizer.ggml.model", 8, string("gpt2"))
    fact("tokenizer.ggml.pre", 8, string("llama-bpe"))
    strings("tokenizer.ggml.tokens", names + special)
    types = [1] * len(names) + [3] * len(special)
    fact("tokenizer.ggml.token_type", 9, struct.pack("<IQ", 5, len(types)) + np.array(types, np.int32).tobytes())
    strings("tokenizer.ggml.merges", merges)
    number("tokenizer.ggml.bos_token_id", vocabulary - SPECIAL)
    number("tokenizer.ggml.eos_token_id", vocabulary - SPECIAL + 1)
    tensors = [("token_embd.weight", (hidden, vocabulary), kind)]
    for i in range(layers):
        p = "blk.%d." % i
        tensors += [(p + "attn_norm.weight", (hidden,), "f32"), (p + "attn_q.weight", (hidden, hidden), kind),
                    (p + "attn_k.weight", (hidden, kv), kind), (p + "attn_v.weight", (hidden, kv), kind),
                    (p + "attn_output.weight", (hidden, hidden), kind), (p + "ffn_norm.weight", (hidden,), "f32")]
        if args.moe:
            each = ffn // experts
            tensors += [(p + "ffn_gate_inp.weight", (hidden, experts), "f32"),
                        (p + "ffn_gate_exps.weight", (hidden, each, experts), kind),
                        (p + "ffn_up_exps.weight", (hidden, each, experts), kind),
                        (p + "ffn_down_exps.weight", (each, hidden, experts), kind)]
        else:
            tensors += [(p + "ffn_gate.weight", (hidden, ffn), kind), (p + "ffn_up.weight", (hidden, ffn), kind),
                        (p + "ffn_down.weight", (ffn, hidden), kind)]
    tensors.append(("output_norm.weight", (hidden,), "f32"))
    if not tied:
        tensors.append(("output.weight", (hidden, vocabulary), kind))
    units = {k: encode(NUMBERS, k) for k in {kind, "f32"}}
    size = lambda shape, k: int(np.prod(shape)) // GGUF[k][2] * GGUF[k][3]
    with open(out, "wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(facts))
        at = 0
        for name, shape, k in tensors:
            file.write(string(name) + struct.pack("<I%dQIQ" % len(shape), len(shape), *shape, GGUF[k][0], at))
            at += (size(shape, k) + 31) // 32 * 32
        file.write(b"\0" * (-file.tell() % 32))
        for i, (name, shape, k) in enumerate(tensors):
            if "norm" in name:
                file.write(np.ones(shape, np.float32).tobytes())
            else:
                repeat(file, units[k], size(shape, k), i * 512 * GGUF[k][3] % len(units[k]))
            file.write(b"\0" * (-size(shape, k) % 32))
        return file.tell()


made = write_gguf(args.out, args.gguf) if args.gguf else write_folder(args.out)
print("%s: %.0f MB" % (args.out, made / 1e6))
