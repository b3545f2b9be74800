"""Small random Stable Video Diffusion checkpoints, rebuilt from a rule instead of being stored.

  python test/reference/random_checkpoints.py specs            write test/goldens/checkpoints/<name>.json
  python test/reference/random_checkpoints.py write NAME DIR [--variant fp16]
  python test/reference/random_checkpoints.py sha256 DIR       sums of a folder that either side wrote

The rule, which test/fixtures/random-checkpoint.ts follows too. The tensors of a component are taken in the order of
their sorted keys. Number i is drawn from a fresh mt19937 seeded with (component seed + i) and filled row by row with
u = (random() & 0xFFFFFF) * 2^-24, which is torch.rand. With c = u - 0.5 (exact) the value is, in float32:

  kind                                            value
  ...mix_factor                                   c * 2
  ...bias                                         c * 0.4
  ...class_embedding, ...position_embedding.weight    c
  weight of one dimension (norms)                 1 + c * 0.6
  other weights                                   c * s,  s = float32(2 * sqrt(3 / fan_in)), so that the variance is 1 / fan_in

0.4 and 0.6 are the float32 nearest to them, and every operation rounds to float32 once. Norm scales, biases and mix factors
are random on purpose: with their defaults of one and zero a network that forgets them would still agree.
The fp16 variant holds these values rounded to half, nearest even.
"""

import argparse
import hashlib
import json
import math
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from diffusers.utils import logging as diffusers_logging
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from golden_file import GOLDENS

SPECS = GOLDENS / "checkpoints"
WEIGHT_FILES = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "image_encoder": "model",
}
CONFIG_FILES = {
    "unet": "unet/config.json",
    "vae": "vae/config.json",
    "image_encoder": "image_encoder/config.json",
    "scheduler": "scheduler/scheduler_config.json",
    "feature_extractor": "feature_extractor/preprocessor_config.json",
    "model_index": "model_index.json",
}

CROSS_DOWN, PLAIN_DOWN = "CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"
CROSS_UP, PLAIN_UP = "CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"

# tiny: two levels, head counts as a list. four-level: everything the UNet takes as a list differs per level, and its sizes
# are run odd. mid-attn-3: three levels, cross-attention only where the published model has none, a decoder whose mid block
# has more resnets than the one attention pairs with (diffusers then leaves the last one out). wide: single modules of the
# published widths, with 1280-wide time embeddings and heads of 64; what its networks have besides these is left out.
CHECKPOINTS = {
    "tiny": {
        "seed": 100_000,
        "unet": dict(
            block_out_channels=(32, 64), layers_per_block=2, num_attention_heads=(2, 4), num_frames=3, sample_size=32,
            down_block_types=(CROSS_DOWN, PLAIN_DOWN), up_block_types=(PLAIN_UP, CROSS_UP), cross_attention_dim=32,
            addition_time_embed_dim=32, projection_class_embeddings_input_dim=96,
        ),
        "vae": dict(block_out_channels=(32, 64), layers_per_block=1, scaling_factor=0.18215),
        "image_encoder": dict(hidden_size=32, projection_dim=32, num_hidden_layers=2, num_attention_heads=4,
                              intermediate_size=64, hidden_act="gelu"),
    },
    "four-level": {
        "seed": 200_000,
        "unet": dict(
            block_out_channels=(32, 64, 64, 96), layers_per_block=(1, 2, 1, 2), num_attention_heads=(1, 2, 4, 3),
            transformer_layers_per_block=(1, 2, 1, 1), num_frames=2, sample_size=16,
            down_block_types=(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, PLAIN_DOWN),
            up_block_types=(PLAIN_UP, CROSS_UP, CROSS_UP, CROSS_UP), cross_attention_dim=32,
            addition_time_embed_dim=64, projection_class_embeddings_input_dim=192,
        ),
        "vae": dict(block_out_channels=(32, 32, 64, 64), layers_per_block=2, scaling_factor=0.18215),
        "image_encoder": dict(hidden_size=32, projection_dim=32, num_hidden_layers=2, num_attention_heads=2,
                              intermediate_size=48, hidden_act="quick_gelu"),
    },
    "mid-attn-3": {
        "seed": 300_000,
        "unet": dict(
            block_out_channels=(64, 32, 64), layers_per_block=(2, 1, 1), num_attention_heads=4, num_frames=4, sample_size=24,
            down_block_types=(PLAIN_DOWN, CROSS_DOWN, PLAIN_DOWN), up_block_types=(CROSS_UP, PLAIN_UP, CROSS_UP),
            cross_attention_dim=16, addition_time_embed_dim=16, projection_class_embeddings_input_dim=48,
        ),
        "vae": dict(block_out_channels=(64, 32, 64), layers_per_block=3, scaling_factor=0.5),
        "image_encoder": dict(hidden_size=48, projection_dim=16, num_hidden_layers=3, num_attention_heads=6,
                              intermediate_size=32, hidden_act="gelu", layer_norm_eps=1e-3),
    },
    "wide": {
        "seed": 400_000,
        "unet": dict(
            block_out_channels=(320, 64, 64), layers_per_block=2, num_attention_heads=(5, 1, 1),
            down_block_types=(CROSS_DOWN, CROSS_DOWN, PLAIN_DOWN), up_block_types=(PLAIN_UP, CROSS_UP, CROSS_UP),
        ),
        "vae": dict(block_out_channels=(64, 320, 512), layers_per_block=1, scaling_factor=0.18215),
        "image_encoder": dict(hidden_size=32, projection_dim=1024, num_hidden_layers=1, num_attention_heads=2,
                              intermediate_size=32, hidden_act="gelu"),
        "modules": {
            "unet": [
                "down_blocks.0.resnets.0", "down_blocks.0.attentions.0", "down_blocks.0.downsamplers.0",
                "down_blocks.1.resnets.0.spatial_res_block", "down_blocks.1.resnets.1", "down_blocks.1.attentions.0",
                "down_blocks.1.downsamplers.0", "up_blocks.1.upsamplers.0",
            ],
            "vae": [
                "encoder.down_blocks.0.resnets.0", "encoder.down_blocks.0.downsamplers.0", "encoder.mid_block.attentions.0",
                "decoder.up_blocks.1.resnets.1", "decoder.up_blocks.2.resnets.1",
            ],
            "image_encoder": [],
        },
    },
}
WHOLE_CHECKPOINTS = [name for name, checkpoint in CHECKPOINTS.items() if "modules" not in checkpoint]

SCHEDULER = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction", sigma_max=700.0,
    sigma_min=0.002, steps_offset=1, timestep_spacing="leading", timestep_type="continuous", use_karras_sigmas=True,
)
# Fields that the published checkpoints' files have and today's classes no longer write.
PUBLISHED_EXTRAS = {
    "scheduler": {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True},
    "feature_extractor": {"feature_extractor_type": "CLIPFeatureExtractor"},
    "image_encoder": {"dropout": 0.0, "torch_dtype": "float32"},
}


def value_of(key, uniform):
    centred = uniform - 0.5
    if key.endswith("mix_factor"):
        return centred * 2
    if key.endswith("bias"):
        return centred * torch.tensor(0.4)
    if key.endswith(("class_embedding", "position_embedding.weight")):
        return centred
    if uniform.ndim == 1:
        return 1 + centred * torch.tensor(0.6)
    fan_in = math.prod(uniform.shape[1:])
    return centred * torch.tensor(float(np.float32(2 * math.sqrt(3 / fan_in))))


def draw_uniform(seed, shape):
    """torch.rand: float32 multiples of 2^-24 in [0, 1)."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)


def draw_tensors(component, half=False, under=""):
    """The component's tensors by key, float32 or half; `under`: only those of the module at that path."""
    tensors = {}
    for index, (key, shape) in enumerate(component["tensors"]):
        if not key.startswith(under):
            continue
        tensor = value_of(key, draw_uniform(component["seed"] + index, shape))
        tensors[key] = tensor.half() if half else tensor
    return tensors


def sha256_of(tensors):
    """Of the raw little-endian bytes, in the order of the sorted keys."""
    digest = hashlib.sha256()
    for key in sorted(tensors):
        digest.update(tensors[key].contiguous().numpy().tobytes())
    return digest.hexdigest()


def read_spec(name):
    return json.loads((SPECS / f"{name}.json").read_text())


def write_checkpoint(name, folder, variant=None):
    """Writes a whole diffusers folder; with variant fp16 the weights are halves and the file names say so."""
    spec = read_spec(name)
    folder = Path(folder)
    for part, path in CONFIG_FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(spec["configs"][part], indent=2) + "\n")
    for part, stem in WEIGHT_FILES.items():
        suffix = f".{variant}" if variant else ""
        tensors = draw_tensors(spec["components"][part], half=variant == "fp16")
        save_file(tensors, folder / part / f"{stem}{suffix}.safetensors", metadata={"format": "pt"})


@contextmanager
def random_pipeline(name, variant=None, dtype=torch.float32):
    """The pipeline that diffusers itself loads from the written folder, on the CPU."""
    diffusers_logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_checkpoint(name, folder, variant)
        pipe = StableVideoDiffusionPipeline.from_pretrained(folder, variant=variant).to("cpu", dtype)
        pipe.set_progress_bar_config(disable=True)
        yield pipe


def describe(checkpoint):
    """Configs, keys and shapes, as the libraries save them; only the keys of `modules`, if the checkpoint has that."""
    pipe = StableVideoDiffusionPipeline(
        unet=UNetSpatioTemporalConditionModel(**checkpoint["unet"]),
        vae=AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * len(checkpoint["vae"]["block_out_channels"]), **checkpoint["vae"]
        ),
        # transformers refuses `1` for this field, and JavaScript writes 1.0 so; it only matters for training.
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(image_size=224, patch_size=32, initializer_factor=0.5, **checkpoint["image_encoder"])
        ),
        scheduler=EulerDiscreteScheduler(**SCHEDULER),
        feature_extractor=CLIPImageProcessor(),
    )
    with tempfile.TemporaryDirectory() as folder:
        pipe.save_pretrained(folder)
        configs = {part: json.loads(Path(folder, path).read_text()) for part, path in CONFIG_FILES.items()}
        shapes = {}
        for part, stem in WEIGHT_FILES.items():
            prefixes = tuple(f"{path}." for path in checkpoint["modules"][part]) if "modules" in checkpoint else ""
            with safe_open(Path(folder, part, f"{stem}.safetensors"), "pt") as file:
                keys = [key for key in sorted(file.keys()) if key.startswith(prefixes)]
                shapes[part] = {key: file.get_slice(key).get_shape() for key in keys}
    return configs, shapes


def write_specs():
    diffusers_logging.set_verbosity_error()
    SPECS.mkdir(parents=True, exist_ok=True)
    for name, checkpoint in CHECKPOINTS.items():
        configs, shapes = describe(checkpoint)
        if name == "four-level":
            configs = {part: {**config, **PUBLISHED_EXTRAS.get(part, {})} for part, config in configs.items()}
        components = {}
        for number, part in enumerate(WEIGHT_FILES):
            component = {"seed": checkpoint["seed"] + 10_000 * number, "tensors": list(shapes[part].items())}
            sums = {"F32": sha256_of(draw_tensors(component)), "F16": sha256_of(draw_tensors(component, half=True))}
            components[part] = {"seed": component["seed"], "sha256": sums, "tensors": component["tensors"]}
        write_spec(name, configs, components)


def write_spec(name, configs, components):
    """One line per config and per tensor, so that a change reads well in a diff."""
    lines = ["{", f'  "name": {json.dumps(name)},', '  "configs": {']
    lines += [",\n".join(f"    {json.dumps(part)}: {json.dumps(config)}" for part, config in configs.items()), "  },"]
    lines += ['  "components": {']
    blocks = []
    for part, component in components.items():
        tensors = ",\n".join(f"        {json.dumps([key, list(shape)])}" for key, shape in component["tensors"])
        head = f'    {json.dumps(part)}: {{\n      "seed": {component["seed"]},\n      "sha256": {json.dumps(component["sha256"])},\n'
        blocks.append(f'{head}      "tensors": [\n{tensors}\n      ]\n    }}')
    lines += [",\n".join(blocks), "  }", "}", ""]
    path = SPECS / f"{name}.json"
    path.write_text("\n".join(lines))
    parameters = {part: sum(math.prod(shape) for _, shape in c["tensors"]) for part, c in components.items()}
    print(f"{path.name}: {path.stat().st_size} bytes, parameters {parameters}")


def print_sums(folder):
    for part in WEIGHT_FILES:
        tensors = {}
        for path in Path(folder, part).glob("*.safetensors"):
            with safe_open(path, "pt") as file:
                tensors |= {key: file.get_tensor(key) for key in file.keys()}
        print(part, sha256_of(tensors))


def main():
    parser = argparse.ArgumentParser(description="Random checkpoints by rule")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("specs")
    write = commands.add_parser("write")
    write.add_argument("name", choices=WHOLE_CHECKPOINTS)
    write.add_argument("folder")
    write.add_argument("--variant", choices=["fp16"])
    commands.add_parser("sha256").add_argument("folder")
    arguments = parser.parse_args()
    if arguments.command == "specs":
        write_specs()
    elif arguments.command == "write":
        write_checkpoint(arguments.name, arguments.folder, arguments.variant)
    else:
        print_sums(arguments.folder)


if __name__ == "__main__":
    main()
