"""Goldens of everything between an image and the networks, and between decoded frames and 8-bit pictures.

Source pictures are made from the formula in `pattern`, which the tests have too. Large results are stored as the
SHA-256 of their bytes, CLIP inputs as the rows and columns listed in the metadata.
"""

import hashlib
from types import SimpleNamespace

import numpy as np
import PIL
import torch
from diffusers import StableVideoDiffusionPipeline
from diffusers.video_processor import VideoProcessor
from PIL import Image
from transformers import CLIPImageProcessor

from golden_file import write_golden

# [width, height, new width, new height]
RESIZES = [
    [64, 48, 40, 32], [40, 32, 101, 77], [1, 1, 8, 5], [1, 50, 7, 9], [50, 1, 9, 7], [63, 37, 1, 1], [37, 53, 1, 20],
    [301, 203, 43, 29], [33, 17, 33, 40], [33, 17, 20, 17], [33, 17, 33, 17], [8, 8, 64, 64], [97, 61, 96, 62],
    [700, 5, 3, 5], [2, 3, 31, 1],
    # Pillow goes down before across where that loses more than twice as many rows as columns: on both sides of the limit.
    [60, 60, 50, 39], [60, 60, 50, 40], [60, 60, 50, 41], [30, 62, 15, 31], [30, 58, 15, 29], [20, 60, 40, 40],
]
LARGE_RESIZES = [[2000, 1500, 1024, 576], [500, 300, 1024, 576], [1080, 1920, 1024, 576], [900, 1200, 1024, 576]]
FITS = [
    [64, 48, 48, 48], [48, 64, 48, 48], [101, 37, 64, 40], [37, 101, 64, 40], [64, 40, 32, 20], [3, 50, 40, 24],
    [50, 3, 40, 24], [41, 27, 24, 56],
]
CLIP_SIZES = [
    [1024, 576], [300, 500], [150, 200], [224, 224], [223, 225], [1920, 1080], [512, 512], [64, 48], [90, 640], [449, 447],
]
CLIP_POSITIONS = [0, 1, 2, 9, 30, 57, 88, 111, 112, 140, 167, 190, 201, 215, 221, 222, 223]


def pattern(width, height):
    """A picture with both smooth and sharp parts; integer arithmetic only."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    smooth = (x * (3 + c) + y * (5 - c)) // 2
    sharp = ((x // 5 + y // 7 + c) % 3) * 90 + (x * y + 31 * c) % 23
    return Image.fromarray(((smooth + sharp) % 256).astype(np.uint8))


def pixels(image):
    return torch.from_numpy(np.array(image))


def sha256(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def padded(image, width, height):
    scale_by_width = width * image.height <= image.width * height
    w = width if scale_by_width else max(1, image.width * height // image.height)
    h = max(1, image.height * width // image.width) if scale_by_width else height
    canvas = Image.new("RGB", (width, height))
    canvas.paste(image.resize((w, h), Image.LANCZOS), (width // 2 - w // 2, height // 2 - h // 2))
    return canvas


def clip_input(image):
    """What the pipeline's own _encode_image hands to the image encoder."""
    seen = []

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, pixel_values):
            seen.append(pixel_values)
            return SimpleNamespace(image_embeds=torch.zeros(1, 1))

    pipeline = SimpleNamespace(
        image_encoder=Encoder(), video_processor=VideoProcessor(do_resize=True), feature_extractor=CLIPImageProcessor()
    )
    StableVideoDiffusionPipeline._encode_image(pipeline, image, "cpu", 1, False)
    return seen[0]


def decoded_frames(generator):
    """Values around and beyond [-1, 1], among them every byte's value and the middle between each two."""
    frames = torch.randn((3, 3, 8, 86), generator=generator) * 0.7
    halves = torch.arange(0, 511, dtype=torch.float64) / 510 * 2 - 1
    frames[1].view(-1)[:511] = halves.float()
    return frames


def main():
    tensors = {}
    digests = {}
    for w, h, new_w, new_h in RESIZES:
        tensors[f"resize/{w}x{h}/{new_w}x{new_h}"] = pixels(pattern(w, h).resize((new_w, new_h), Image.LANCZOS))
    for w, h, new_w, new_h in LARGE_RESIZES:
        digests[f"{w}x{h}/{new_w}x{new_h}"] = sha256(pattern(w, h).resize((new_w, new_h), Image.LANCZOS))
    processor = VideoProcessor(do_resize=True, vae_scale_factor=8)
    for w, h, new_w, new_h in FITS:
        crop = processor.resize(pattern(w, h), height=new_h, width=new_w, resize_mode="crop")
        tensors[f"crop/{w}x{h}/{new_w}x{new_h}"] = pixels(crop)
        tensors[f"pad/{w}x{h}/{new_w}x{new_h}"] = pixels(padded(pattern(w, h), new_w, new_h))
    tensors["vae"] = processor.preprocess(pattern(61, 47), height=24, width=40)
    for w, h in CLIP_SIZES:
        positions = torch.tensor(CLIP_POSITIONS)
        tensors[f"clip/{w}x{h}"] = clip_input(pattern(w, h))[:, :, positions][..., positions]
    seed = 3
    frames = decoded_frames(torch.Generator().manual_seed(seed))
    tensors["frames/decoded"] = frames
    video = processor.postprocess_video(frames[None].permute(0, 2, 1, 3, 4), "pil")
    tensors["frames/rgb"] = torch.stack([pixels(frame) for frame in video[0]])
    write_golden(
        "image", "image.py", tensors, {"clip": {"absolute": 1e-6}, "others": "equal bytes or bits"}, seed=str(seed),
        pillow=PIL.__version__, resizes=RESIZES, large_resizes=digests, fits=FITS, clip_sizes=CLIP_SIZES,
        clip_positions=CLIP_POSITIONS,
    )


if __name__ == "__main__":
    main()
