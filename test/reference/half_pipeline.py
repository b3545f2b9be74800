"""Goldens of what a float16 StableVideoDiffusionPipeline prepares before its first step, recorded during whole calls.

  <case>/first_latents    float  (videos, num_frames, 4, latent height, latent width), after init_noise_sigma
  <case>/added_time_ids   float  (passes, 3)

Both are halves, stored as float32. The cases are some of pipeline.py's. The metadata field `cases` has of each: the
generator's seed, how many float32 numbers it draws first for the image, the scheduler's init_noise_sigma, and the ids
before they are rounded.
"""

import torch
from diffusers.utils import load_image

from golden_file import write_golden
from pipeline import CASES, DEFAULTS, IMAGES, NOT_ARGUMENTS
from random_checkpoints import random_pipeline

NAMES = ["half-noise", "custom-sigmas", "two-videos", "three-level"]


def remember_output(pipe, name, outputs):
    method = getattr(pipe, name)

    def recorded(*args, **kwargs):
        outputs[name] = method(*args, **kwargs)
        return outputs[name]

    setattr(pipe, name, recorded)


def prepare(case):
    """What the float16 pipeline of the case prepares, and the sigma that its first latents were multiplied by."""
    arguments = {key: value for key, value in case.items() if key not in (*NOT_ARGUMENTS, "seed") and value is not None}
    outputs = {}
    with random_pipeline(case["checkpoint"], "fp16", torch.float16) as pipe:
        remember_output(pipe, "prepare_latents", outputs)
        remember_output(pipe, "_get_add_time_ids", outputs)
        pipe(load_image(str(IMAGES / case["image"])), generator=torch.Generator("cpu").manual_seed(case["seed"]),
             output_type="latent", **arguments)
        return outputs["prepare_latents"], outputs["_get_add_time_ids"], pipe.scheduler.init_noise_sigma


@torch.inference_mode()
def main():
    tensors, cases = {}, {}
    for name in NAMES:
        case = {**DEFAULTS, **CASES[name]}
        first_latents, added_time_ids, sigma = prepare(case)
        assert first_latents.dtype == added_time_ids.dtype == torch.float16
        tensors[f"{name}/first_latents"] = first_latents.float()
        tensors[f"{name}/added_time_ids"] = added_time_ids.float()
        cases[name] = {
            "seed": str(case["seed"]), "image_numbers": 3 * case["height"] * case["width"], "init_noise_sigma": sigma.item(),
            "ids": [case.get("fps", 7) - 1, case.get("motion_bucket_id", 127), case.get("noise_aug_strength", 0.02)],
        }
    write_golden("half-pipeline", "half_pipeline.py", tensors, "equal bits", cases=cases)


if __name__ == "__main__":
    main()
