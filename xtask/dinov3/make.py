"""Makes small DINOv3 models with random weights, pictures, and what `transformers` says of them.

    python make.py small FOLDER            the test data of crates/vision (see README.md)
    python make.py real FOLDER             a ViT-S/16 with random weights, for measuring by hand
    python make.py describe FOLDER PICTURE...   prints the vectors that `transformers` gives, as JSON
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import DINOv3ViTConfig, DINOv3ViTModel
from transformers.models.dinov3_vit.image_processing_dinov3_vit_fast import DINOv3ViTImageProcessorFast

PLAIN = dict(
    hidden_size=24, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, num_register_tokens=4,
)
# Everything that can be otherwise is.
GATED = dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=3, num_register_tokens=0,
    patch_size=14, use_gated_mlp=True, hidden_act="silu", rope_theta=50.0, layer_norm_eps=1e-3,
    key_bias=True, query_bias=False, value_bias=False, proj_bias=False, mlp_bias=False,
)
REAL = dict(num_register_tokens=4)


def model(settings, seed):
    """A model whose every parameter is random, so that none can be left out unseen."""
    torch.manual_seed(seed)
    made = DINOv3ViTModel(DINOv3ViTConfig(**settings)).eval().float()
    for name, parameter in made.named_parameters():
        noise = torch.randn_like(parameter)
        if name.endswith("lambda1") or "norm" in name and name.endswith("weight"):
            parameter.data = 1.0 + 0.3 * noise
        elif parameter.dim() >= 2 and "token" not in name:
            parameter.data = 1.5 * noise / parameter[0].numel() ** 0.5
        else:
            parameter.data = 0.3 * noise
    return made


def write(made, folder):
    folder.mkdir(parents=True, exist_ok=True)
    made.config.architectures = ["DINOv3ViTModel"]
    made.config.to_json_file(folder / "config.json")
    tensors = {name: tensor.contiguous() for name, tensor in made.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def pictures():
    """Shrunk, enlarged and with alpha; simple enough to make small files."""
    y, x = np.mgrid[0:480, 0:640]
    disc = (x - 250) ** 2 + (y - 200) ** 2 < 150**2
    large = np.full((480, 640, 3), 255, np.uint8)
    large[disc] = (200, 60, 30)
    large[(y // 7 + x // 11) % 5 == 0] = (20, 90, 160)
    rng = np.random.default_rng(1)
    tall = rng.integers(0, 256, (33, 20, 3), np.uint8)
    y, x = np.mgrid[0:97, 0:301]
    wide = np.stack([x * 255 // 300, y * 255 // 96, (x + y) % 256, (x // 3) % 256], -1).astype(np.uint8)
    return {"large": Image.fromarray(large), "tall": Image.fromarray(tall), "wide": Image.fromarray(wide)}


def describe(made, images):
    with torch.inference_mode():
        # An explicit conversion: alpha is dropped, not composited.
        pixels = DINOv3ViTImageProcessorFast()([image.convert("RGB") for image in images], return_tensors="pt")
        pooled = made(**pixels).pooler_output
    return pixels["pixel_values"], pooled


def small(folder):
    folder.mkdir(parents=True, exist_ok=True)
    images = pictures()
    for name, image in images.items():
        image.save(folder / f"{name}.png", optimize=True)
    expected = {"pixels": {}, "plain": {}, "gated": {}}
    for kind, settings, seed in [("plain", PLAIN, 11), ("gated", GATED, 12)]:
        made = model(settings, seed)
        write(made, folder / kind)
        pixels, pooled = describe(made, list(images.values()))
        for name, values, vector in zip(images, pixels, pooled):
            # Every 1009th value of [channel][y][x].
            expected["pixels"][name] = [float(f"{v:.7g}") for v in values.flatten()[::1009].tolist()]
            vector = vector / vector.norm()
            expected[kind][name] = [float(f"{v:.9g}") for v in vector.tolist()]
    text = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
    (folder / "expected.json").write_text("{\n" + text + "\n}\n")


def main():
    what, folder, *rest = sys.argv[1:]
    folder = Path(folder)
    if what == "small":
        small(folder)
    elif what == "real":
        write(model(REAL, 13), folder)
    elif what == "describe":
        made = DINOv3ViTModel.from_pretrained(folder).eval().float()
        images = [Image.open(path) for path in rest]
        _, pooled = describe(made, images)
        start = time.perf_counter()
        describe(made, images)
        print(f"{1000 * (time.perf_counter() - start) / len(images):.0f} ms per picture", file=sys.stderr)
        print(json.dumps([(vector / vector.norm()).tolist() for vector in pooled]))
    else:
        sys.exit(__doc__)


main()
