"""Goldens of the trained demo checkpoint (worker/demo, fp16 weights run in float32) on worker/demo-samples/coffee.png.

Four clips of 14 frames at 192x128, 10 steps, guidance 1 to 1.5, seed 0:
  bucket-1, bucket-127, bucket-255   motion_bucket_id, noise_aug_strength 0.02
  grainy                             motion_bucket_id 127, noise_aug_strength 0.5
For each:
  <clip>/frame_means, <clip>/frame_stds   float64 (14, 3), per frame and channel, of bytes; std divides by the count
  <clip>/pan_px                           float64 (14), see pan()
  <clip>/grain                            float64 (14), see grain()
  <clip>/psnr_first_db                    float64 (1), frame 0 against the photo, see psnr()
and of bucket-127 the frames in the metadata field `frame_numbers`: bucket-127/frames uint8 (3, 128, 192, 3).
"""

import math
from pathlib import Path

import numpy as np
import torch
from diffusers import StableVideoDiffusionPipeline
from diffusers.utils import load_image

from golden_file import FRAME_TOLERANCE, write_golden

WORKER = Path(__file__).resolve().parents[2] / "worker"
ARGUMENTS = dict(width=192, height=128, num_frames=14, num_inference_steps=10, min_guidance_scale=1.0, max_guidance_scale=1.5)
SEED = 0
CLIPS = {
    "bucket-1": dict(motion_bucket_id=1, noise_aug_strength=0.02),
    "bucket-127": dict(motion_bucket_id=127, noise_aug_strength=0.02),
    "bucket-255": dict(motion_bucket_id=255, noise_aug_strength=0.02),
    "grainy": dict(motion_bucket_id=127, noise_aug_strength=0.5),
}
FRAME_NUMBERS = [0, 6, 13]
SHIFTS = range(-12, 45)


def pan(frames):
    """How many pixels the view has moved to the right in each frame, against frame 0.

    Grey is the mean of the three channels. For each whole shift s the error is the mean |frame0[:, x + s] - frame[:, x]| over
    the columns that both have. The best s is refined by the parabola through it and its two neighbours.
    """
    grey = frames.astype(np.float64).mean(-1)
    return np.array([shift_between(grey[0], frame) for frame in grey])


def shift_between(first, frame):
    width = first.shape[1]
    errors = {}
    for shift in SHIFTS:
        low, high = max(0, -shift), min(width, width - shift)
        errors[shift] = np.abs(first[:, low + shift : high + shift] - frame[:, low:high]).mean()
    best = min(errors, key=errors.get)
    if best - 1 not in errors or best + 1 not in errors:
        return float(best)
    before, after = errors[best - 1], errors[best + 1]
    bend = before - 2 * errors[best] + after
    return best + 0.5 * (before - after) / bend if bend > 0 else float(best)


def grain(frames):
    """Mean |4 * centre - left - right - above - below| of grey over the inner pixels of each frame."""
    grey = frames.astype(np.float64).mean(-1)
    around = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:] + grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1]
    return np.abs(4 * grey[:, 1:-1, 1:-1] - around).mean((1, 2))


def psnr(photo, frame):
    """10 log10(255^2 / mean squared difference) over all bytes."""
    return 10 * math.log10(255**2 / ((photo.astype(np.float64) - frame) ** 2).mean())


@torch.inference_mode()
def main():
    pipe = StableVideoDiffusionPipeline.from_pretrained(WORKER / "demo", variant="fp16").to("cpu", torch.float32)
    pipe.set_progress_bar_config(disable=True)
    image = load_image(str(WORKER / "demo-samples" / "coffee.png"))
    photo = np.asarray(image)
    tensors = {}
    for clip, conditions in CLIPS.items():
        generator = torch.Generator("cpu").manual_seed(SEED)
        video = pipe(image, generator=generator, output_type="pil", **ARGUMENTS, **conditions).frames[0]
        frames = np.stack([np.asarray(frame) for frame in video])
        values = frames.astype(np.float64)
        measured = {
            "frame_means": values.mean((1, 2)),
            "frame_stds": values.std((1, 2)),
            "pan_px": pan(frames),
            "grain": grain(frames),
            "psnr_first_db": np.array([psnr(photo, frames[0])]),
        }
        tensors |= {f"{clip}/{key}": torch.from_numpy(value) for key, value in measured.items()}
        if clip == "bucket-127":
            tensors[f"{clip}/frames"] = torch.from_numpy(frames[FRAME_NUMBERS])
        print(clip, "pan", measured["pan_px"].round(2), "grain", measured["grain"].round(2), "psnr", measured["psnr_first_db"], flush=True)
    write_golden("demo", "demo.py", tensors, {"frames": FRAME_TOLERANCE}, image="worker/demo-samples/coffee.png",
                 variant="fp16", arguments={**ARGUMENTS, "seed": SEED}, clips=CLIPS, frame_numbers=FRAME_NUMBERS)


if __name__ == "__main__":
    main()
