"""Makes core/src/test/resources/org/mixtureofmasks/models/gguf-blocks.gguf: weights in every block type of GGUF that is read.

For each type: TYPE.stored, quantised by ggml itself (libggml-base of llama-cpp-python), and TYPE.floats, what
Python's gguf package dequantises of it; `weights` are the floats that were quantised, one row ordinary, one small and
lopsided, one with blocks of zeros and of one value.

    python -m venv peer && peer/bin/pip install numpy gguf llama-cpp-python
    peer/bin/python scripts/gguf_blocks.py core/src/test/resources/org/mixtureofmasks/models/gguf-blocks.gguf
"""
import ctypes
import pathlib
import sys

import gguf
import llama_cpp
import numpy as np
from gguf.quants import dequantize

TYPES = ['Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'IQ4_NL', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'IQ4_XS']
COLUMNS = 512

ggml = ctypes.CDLL(str(pathlib.Path(llama_cpp.__file__).parent / 'lib' / 'libggml-base.so'))


def quantise(weights, type_):
    """By the plain C that ggml calls the reference, where llama-quantize itself is no more than that."""
    block, size = gguf.GGML_QUANT_SIZES[type_]
    out = np.zeros(weights.size // block * size, np.uint8)
    source = weights.ctypes.data_as(ctypes.c_void_p)
    to = out.ctypes.data_as(ctypes.c_void_p)
    if block == 32:
        name = {'IQ4_NL': 'iq4_nl'}.get(type_.name, type_.name.lower())
        getattr(ggml, 'quantize_row_%s_ref' % name)(source, to, ctypes.c_int64(weights.size))
    else:
        ggml.ggml_quantize_chunk(
            ctypes.c_int(type_), source, to, ctypes.c_int64(0), ctypes.c_int64(len(weights)),
            ctypes.c_int64(weights.shape[1]), None)
    return out.reshape(len(weights), -1)


rng = np.random.default_rng(15)
weights = rng.standard_normal((3, COLUMNS)).astype(np.float32)
weights[1] = (rng.gamma(2.0, 1e-3, COLUMNS) - 1e-3).astype(np.float32)
weights[2, :64] = 0
weights[2, 64:96] = 0.75
weights[2, 96:128] = -0.0
writer = gguf.GGUFWriter(sys.argv[1], 'test')
writer.add_tensor('weights', weights)
for name in TYPES:
    type_ = gguf.GGMLQuantizationType[name]
    stored = quantise(weights, type_)
    writer.add_tensor(name + '.stored', stored, raw_dtype=type_)
    writer.add_tensor(name + '.floats', np.ascontiguousarray(dequantize(stored, type_)))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
