"""Goldens of the whole pipeline: frames and final latents of StableVideoDiffusionPipeline on the CPU in float32.

One file per case, test/goldens/pipeline-<case>.safetensors:
  frames   uint8  (videos, num_frames, height, width, 3), of output_type "pil"
  latents  float  (videos, num_frames, 4, latent height, latent width), after the last step
  input    uint8  (height, width, 3), what load_image gives; only for JPEG, whose decoders may differ

Metadata: `checkpoint`, `variant`, `image` (in test/goldens/images), `arguments` (the call's, with seed for the generator),
`precision`: with fp16 the first latents and added_time_ids are those of a float16 pipeline, the networks still float32.

  python test/reference/pipeline.py [--cases NAME ...] [--check]

--check stores nothing: it repeats every case without oneDNN (other convolution and matmul arithmetic) and prints how far
frames and latents move, which is what the tolerance has to be larger than.
"""

import argparse
from contextlib import contextmanager

import numpy as np
import torch
from diffusers.schedulers import AysSchedules
from diffusers.utils import load_image
from PIL import Image

from golden_file import FRAME_TOLERANCE, GOLDENS, NETWORK_TOLERANCE, write_golden
from random_checkpoints import random_pipeline, read_spec

IMAGES = GOLDENS / "images"
ORIENTATION_TAG = 0x0112

# What every case has unless it says otherwise. Sizes are pixels; the tiny checkpoint has 2 pixels per latent.
DEFAULTS = dict(checkpoint="tiny", variant=None, precision="fp32", image="wide.png", seed=0, width=64, height=48,
                num_inference_steps=3)
NOT_ARGUMENTS = ("checkpoint", "variant", "precision", "image")

CASES = {
    "default-ramp": {},
    "no-guidance": dict(max_guidance_scale=1.0),
    "falling-guidance": dict(min_guidance_scale=3.0, max_guidance_scale=1.5, num_frames=4),
    "low-start-guidance": dict(min_guidance_scale=0.5, max_guidance_scale=2.5, seed=11),
    # One frame has the minimum as its scale. diffusers fails when that is 1 or less while the maximum is above 1, and
    # when the minimum is above 1 while the maximum is not: its two tests of "guidance is on" then disagree.
    "one-frame": dict(num_frames=1, max_guidance_scale=1.0),
    "one-frame-guided": dict(num_frames=1, min_guidance_scale=2.0),
    "custom-sigmas": dict(sigmas=[120.0, 9.5, 1.25, 0.0], num_inference_steps=None, seed=3),
    "align-your-steps": dict(sigmas="align-your-steps", num_inference_steps=None, num_frames=2, image="small.png"),
    "chunked-decode": dict(num_frames=5, decode_chunk_size=2),
    "chunk-of-one": dict(num_frames=3, decode_chunk_size=1),
    "portrait": dict(image="tall.png", width=40, height=72, seed=5),
    "jpeg-exif": dict(image="turned.jpg", width=48, height=64),
    "transparent": dict(image="transparent.png", num_frames=2),
    "two-videos": dict(num_videos_per_prompt=2, num_frames=2),
    "no-noise": dict(noise_aug_strength=0.0),
    "strong-noise": dict(noise_aug_strength=0.5),
    "long-seed": dict(seed=2**32 + 12345),
    "conditions": dict(fps=24, motion_bucket_id=255),
    "fp16-variant": dict(variant="fp16"),
    # 16 does not divide the count of latents, so that their last ones are other numbers than in float32.
    "half-noise": dict(precision="fp16", checkpoint="four-level", width=200, height=104, noise_aug_strength=0.3),
    "four-level-odd": dict(checkpoint="four-level", width=200, height=104),
    "four-level-portrait": dict(checkpoint="four-level", image="tall.png", width=72, height=120, num_frames=3, seed=8,
                                decode_chunk_size=2),
    "three-level": dict(checkpoint="mid-attn-3", image="small.png", width=56, height=40, num_frames=4, seed=21),
}


def draw_scene(width, height, phase):
    """Gradients with three discs in them, float (height, width, 3) in 0..1."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / max(1, width - 1), y / max(1, height - 1)
    scene = np.stack([0.15 + 0.7 * u, 0.1 + 0.5 * v + 0.2 * u, 0.8 - 0.6 * u * v], axis=-1)
    discs = [((0.3, 0.35), 0.22, (0.95, 0.3, 0.2)), ((0.7, 0.6), 0.28, (0.1, 0.75, 0.45)), ((0.55, 0.15), 0.1, (1.0, 1.0, 0.9))]
    side = min(width, height)
    for (cx, cy), radius, colour in discs:
        inside = np.hypot(x - (cx + phase) % 1 * width, y - cy * height) < radius * side
        scene[inside] = np.array(colour) * (0.7 + 0.3 * v[inside, None])
    return scene


def write_images():
    IMAGES.mkdir(parents=True, exist_ok=True)

    def picture(width, height, phase):
        return Image.fromarray((draw_scene(width, height, phase) * 255).round().astype(np.uint8))

    picture(300, 232, 0.0).save(IMAGES / "wide.png", optimize=True)
    picture(50, 38, 0.1).save(IMAGES / "small.png", optimize=True)
    picture(190, 260, 0.2).save(IMAGES / "tall.png", optimize=True)
    transparent = picture(120, 90, 0.3)
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    transparent.save(IMAGES / "transparent.png", optimize=True)
    # Stored lying on its side; orientation 6 says: turn it a quarter clockwise.
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    picture(150, 108, 0.4).rotate(90, expand=True).save(IMAGES / "turned.jpg", quality=90, exif=exif)


@contextmanager
def inputs_in_half(pipe):
    """The float32 pipeline draws its latents and rounds its added_time_ids as a float16 one does."""
    prepare_latents, get_add_time_ids = pipe.prepare_latents, pipe._get_add_time_ids

    def half_latents(batch, frames, channels, height, width, dtype, *others):
        return prepare_latents(batch, frames, channels, height, width, torch.float16, *others).float()

    def half_ids(fps, motion_bucket_id, noise_aug_strength, dtype, *others):
        return get_add_time_ids(fps, motion_bucket_id, noise_aug_strength, torch.float16, *others).float()

    pipe.prepare_latents, pipe._get_add_time_ids = half_latents, half_ids
    yield
    pipe.prepare_latents, pipe._get_add_time_ids = prepare_latents, get_add_time_ids


def run_case(pipe, case):
    """Frames as (videos, num_frames, height, width, 3) bytes and the latents after the last step."""
    if case["precision"] == "fp16":
        with inputs_in_half(pipe):
            return run_case(pipe, {**case, "precision": "fp32"})
    arguments = {key: value for key, value in case.items() if key not in (*NOT_ARGUMENTS, "seed")}
    if arguments.get("sigmas") == "align-your-steps":
        arguments["sigmas"] = AysSchedules["StableDiffusionVideoSigmas"]
    if arguments["num_inference_steps"] is None:
        del arguments["num_inference_steps"]
    last = {}

    def remember(_, step, timestep, state):
        last.update(state)
        return state

    videos = pipe(load_image(str(IMAGES / case["image"])), generator=torch.Generator("cpu").manual_seed(case["seed"]),
                  output_type="pil", callback_on_step_end=remember, **arguments).frames
    frames = torch.from_numpy(np.stack([[np.asarray(frame) for frame in video] for video in videos]))
    return frames, last["latents"]


def store(name, pipe, case):
    frames, latents = run_case(pipe, case)
    tensors = {"frames": frames, "latents": latents}
    if case["image"].endswith(".jpg"):
        tensors["input"] = torch.from_numpy(np.array(load_image(str(IMAGES / case["image"]))))
    arguments = {key: value for key, value in case.items() if key not in NOT_ARGUMENTS and value is not None}
    sums = {part: c["sha256"]["F16" if case["variant"] else "F32"] for part, c in read_spec(case["checkpoint"])["components"].items()}
    write_golden(f"pipeline-{name}", "pipeline.py", tensors, {"frames": FRAME_TOLERANCE, "latents": NETWORK_TOLERANCE},
                 checkpoint=case["checkpoint"], variant=case["variant"] or "", precision=case["precision"],
                 image=case["image"], arguments=arguments, sha256=sums)


def check(name, pipe, case):
    frames, latents = run_case(pipe, case)
    with torch.backends.mkldnn.flags(enabled=False):
        other_frames, other_latents = run_case(pipe, case)
    moved = (frames.int() - other_frames.int()).abs()
    drift = (latents - other_latents).abs().max() / latents.abs().max()
    clipped = ((frames == 0) | (frames == 255)).float().mean()
    print(f"{name}: frames max {moved.max()} mean {moved.float().mean():.5f}, latents {drift:.2e} of scale, "
          f"clipped {clipped:.2f}, std {frames.float().std():.1f}, latents std {latents.std():.3g}", flush=True)


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description="Goldens of the whole pipeline")
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    write_images()
    cases = {name: {**DEFAULTS, **CASES[name]} for name in options.cases}
    for source in sorted({(case["checkpoint"], case["variant"] or "") for case in cases.values()}):
        with random_pipeline(source[0], source[1] or None) as pipe:
            for name, case in cases.items():
                if (case["checkpoint"], case["variant"] or "") == source:
                    (check if options.check else store)(name, pipe, case)


if __name__ == "__main__":
    main()
