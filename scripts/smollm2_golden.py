"""Makes core/src/test/resources/org/mixtureofmasks/models/smollm2-135m-greedy.json with transformers.

    pip install torch transformers tokenizers
    python scripts/smollm2_golden.py MODELS/SmolLM2-135M-Instruct OUT.json

MODELS/SmolLM2-135M-Instruct is a bf16 Hugging Face folder; its weights are widened to float32 and all arithmetic is
float32. Each prompt is continued by 64 greedy tokens, end-of-text ids included like any other. `margin` is the smallest
difference between the two best logits over the 64 steps; a prompt whose margin is near the rounding of float32 sums
(some 1e-5 to 5e-5 for logits around 20) is no fair test, so less than 1e-3 is refused.
"""
import json, sys
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

folder, out = sys.argv[1:]
chat = lambda text: ("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
                     f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n")
PROMPTS = [
    chat("What is the capital of France?"),
    chat("Write a haiku about the sea."),
    chat("Explain in two sentences why the sky is blue."),
    chat("How many legs do a spider and a dog have together?"),
    "Once upon a time, in a village between two mountains,",
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "The three laws of thermodynamics state that",
    "Les plus grandes villes de France sont",
    "1, 2, 4, 8, 16,",
    # Longer than a batch of 128 tokens, so that a prompt is computed in several pieces.
    chat("Summarise this text. " + "The river rises in the hills and runs through three valleys before it reaches the plain. "
         "In spring the meadows along its banks are flooded, and the farmers wait until the water has gone before they sow. "
         "Herons stand in the shallows, and at dusk the swallows come down to drink. In summer children swim under the old "
         "stone bridge, which was built four hundred years ago by masons from the north. In autumn the mills begin to turn, "
         "and the smell of fresh flour hangs over the town. In winter the river sometimes freezes, and then people walk from "
         "one bank to the other, and there is a market on the ice with roasted chestnuts, music and lanterns."),
]
torch.set_num_threads(2)
tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
rows = []
with torch.inference_mode():
    for text in PROMPTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        generated, margin, cache, step = [], float("inf"), None, torch.tensor([ids])
        for _ in range(64):
            result = model(input_ids=step, past_key_values=cache, use_cache=True)
            cache = result.past_key_values
            best = result.logits[0, -1].topk(2)
            margin = min(margin, (best.values[0] - best.values[1]).item())
            generated.append(best.indices[0].item())
            step = torch.tensor([[generated[-1]]])
        assert margin >= 1e-3, f"margin {margin}: choose another prompt than {text!r}"
        rows.append(dict(text=text, prompt_ids=ids, generated_ids=generated, margin=round(margin, 5)))
        print(round(margin, 5), len(ids), tokenizer.decode(generated)[:70].replace("\n", " "), flush=True)
with open(out, "w") as f:
    f.write('{"model": "SmolLM2-135M-Instruct, Q4_1 dequantised and rounded to bf16", "compute": "float32", "prompts": [\n')
    f.write(",\n".join(json.dumps(row) for row in rows) + "\n]}\n")
