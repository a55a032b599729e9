"""Makes the embedded demo model and data from the full mom-4m folder (fp32 weights, all token rows).

    pip install torch safetensors tokenizers numpy
    python scripts/make_demo_model.py MOM_4M_FOLDER lab/src/main/resources/org/mixtureofmasks/demo

Weights are rounded to bf16; train.u16 is the first 2,000 rows of sparsify.u16 (514,000 tokens, rows of 257 ids,
little-endian uint16); held-out.txt is the text of the validation rows whose sources are in the public domain.
"""
import json, pathlib, shutil, sys
import numpy as np
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
import torch

source, out = map(pathlib.Path, sys.argv[1:3])
out.mkdir(parents=True, exist_ok=True)
weights = {n: t.to(torch.bfloat16).contiguous() for n, t in load_file(source / "model.safetensors").items()}
save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
config = json.loads((source / "config.json").read_text())
config["torch_dtype"] = "bfloat16"
(out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
for name in ("tokenizer.json", "tokenizer_config.json"):
    shutil.copyfile(source / name, out / name)
rows = np.fromfile(source / "data/sparsify.u16", dtype="<u2", count=2000 * 257)
rows.tofile(out / "train.u16")
tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
text = []
for domain in ("novel", "fact", "play"):
    for row in np.fromfile(source / f"data/valid-{domain}.u16", dtype="<u2").reshape(-1, 257):
        text.append(tokenizer.decode(row.tolist(), skip_special_tokens=True).strip())
(out / "held-out.txt").write_text("\n\n".join(text) + "\n", encoding="utf-8")
print("wrote", out, {p.name: p.stat().st_size for p in sorted(out.iterdir())})
