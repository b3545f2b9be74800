"""Goldens of whole networks: CLIP, VAE encode and decode, UNet, one file per random checkpoint.

Inputs are drawn, not stored: value = (u - 0.5) * scale in float32 with u as in random_checkpoints.py; the metadata field
`draws` gives seed, shape and scale of each. `calls` gives the other arguments.
"""

import torch

from golden_file import NETWORK_TOLERANCE, write_golden
from random_checkpoints import draw_uniform, random_pipeline, read_spec

# Latent sizes (height, width) and frames. UNet: (batch, frames, height, width, timestep, added_time_ids).
CASES = {
    "tiny": {
        "image": (32, 48),
        "decode": {1: (8, 8), 2: (6, 10), 5: (8, 8)},
        "unet": {
            "guided": (2, 3, 8, 12, 1.63777, (6, 127, 0.02)),
            "one_frame": (1, 1, 8, 8, -1.553652, (24, 255, 0.5)),
        },
    },
    "four-level": {
        "image": (104, 200),
        "decode": {1: (5, 7), 2: (3, 5), 5: (3, 5)},
        "unet": {
            "odd": (2, 2, 13, 25, 0.204848, (6, 127, 0.02)),
            "tall": (1, 4, 9, 5, 1.046, (0, 1, 0.0)),
        },
    },
    "mid-attn-3": {
        "image": (40, 24),
        "decode": {1: (4, 6), 2: (5, 3), 5: (4, 4)},
        "unet": {
            "guided": (2, 4, 8, 8, -0.67802, (29, 30, 0.1)),
            "odd": (1, 2, 7, 10, 1.3, (6, 200, 0.02)),
        },
    },
}


class Draws:
    """Draws inputs by seed and remembers how, for the metadata."""

    def __init__(self, dtype):
        self.dtype, self.rules = dtype, {}

    def __call__(self, key, shape, scale):
        seed = 7000 + len(self.rules)
        self.rules[key] = {"seed": seed, "shape": list(shape), "scale": scale}
        return ((draw_uniform(seed, shape) - 0.5) * torch.tensor(float(scale))).to(self.dtype)


def run_networks(pipe, case, dtype=torch.float32):
    """Outputs of the pipeline's networks, which are of that dtype; draws and calls, for the metadata."""
    draw, tensors, calls = Draws(dtype), {}, {}
    pixels = draw("clip.pixel_values", (2, 3, 224, 224), 4)
    tensors["clip.image_embeds"] = pipe.image_encoder(pixels).image_embeds

    image = draw("vae.encode.image", (1, 3, *case["image"]), 2)
    tensors["vae.encode.mode"] = pipe.vae.encode(image).latent_dist.mode()

    latent_channels = pipe.vae.config.latent_channels
    for frames, (height, width) in case["decode"].items():
        latents = draw(f"vae.decode.{frames}.latents", (frames, latent_channels, height, width), 4)
        tensors[f"vae.decode.{frames}.sample"] = pipe.vae.decode(latents, num_frames=frames).sample
        calls[f"vae.decode.{frames}"] = {"num_frames": frames}

    unet = pipe.unet
    for name, (batch, frames, height, width, timestep, ids) in case["unet"].items():
        sample = draw(f"unet.{name}.sample", (batch, frames, unet.config.in_channels, height, width), 4)
        context = draw(f"unet.{name}.encoder_hidden_states", (batch, 1, unet.config.cross_attention_dim), 3)
        added_time_ids = torch.tensor([ids] * batch, dtype=dtype)
        output = unet(sample, torch.tensor(timestep), context, added_time_ids=added_time_ids).sample
        tensors[f"unet.{name}.output"] = output
        calls[f"unet.{name}"] = {"timestep": float(torch.tensor(timestep)), "added_time_ids": list(ids)}
    return tensors, draw.rules, calls


@torch.inference_mode()
def main():
    for name, case in CASES.items():
        for variant in [None, "fp16"] if name == "tiny" else [None]:
            with random_pipeline(name, variant) as pipe:
                tensors, draws, calls = run_networks(pipe, case)
            sums = {part: c["sha256"]["F16" if variant else "F32"] for part, c in read_spec(name)["components"].items()}
            golden = f"networks-{name}" + (f"-{variant}" if variant else "")
            write_golden(golden, "networks.py", tensors, NETWORK_TOLERANCE,
                         checkpoint=name, variant=variant or "", sha256=sums, draws=draws, calls=calls)


if __name__ == "__main__":
    main()
