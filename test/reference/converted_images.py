"""Small AVIF and TIFF files, and the sRGB pixels that a client's PNG of each has to have.

Files go to test/goldens/images/converted/; pixels to test/goldens/converted-images.safetensors, key = file name.

- TIFF: Pillow writes and reads them, and turns them by their orientation. Of 16 bits, which Pillow does not write in colour,
  the pixels are the high byte of what was written.
- Lossless AVIF: avifenc (libavif) writes them; the pixels are those that it was given.
- Other AVIF: Pillow writes them and avifdec reads them (both libavif), repeating the chroma of 4:2:0 as libheif does.
- With a profile: Pillow's ImageCms (Little CMS) converts to sRGB, with the intent that libvips takes.
"""

import struct
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image, ImageCms, ImageOps, features

from golden_file import GOLDENS, write_golden
from image_formats import HEIGHT, SEED, WIDTH, oriented, photo, wide_gamut_profile

FOLDER = GOLDENS / "images" / "converted"

# Conversions of YCbCr and of profiles that round in another place; measured: at most 2, and 0.24 in the mean.
NEAR = {"maxOf255": 2, "meanOf255": 0.5}

# EXIF's orientation as AVIF says it: quarter turns against the clock, then a mirror (0: about the horizontal axis, 1: vertical).
AVIF_TURNS = {2: ("--imir", "1"), 3: ("--irot", "2"), 4: ("--imir", "0"), 6: ("--irot", "3"), 8: ("--irot", "1"),
              5: ("--irot", "1", "--imir", "0"), 7: ("--irot", "3", "--imir", "0")}  # fmt: skip


def tiff16(array, order="<"):
    """A TIFF of 16 bits a channel without compression: [height, width, channels] of 1, 3 or 4 channels."""
    height, width, channels = array.shape
    data = array.astype(order + "u2").tobytes()
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    bits_at = 8 + len(data)
    short, long = 3, 4
    fields = [
        (256, short, 1, width), (257, short, 1, height), (259, short, 1, 1), (262, short, 1, 1 if channels == 1 else 2),
        (273, long, 1, 8), (277, short, 1, channels), (278, short, 1, height), (279, long, 1, len(data)),
        (258, short, channels, 16 if channels == 1 else bits_at),
    ]  # fmt: skip
    if channels == 4:
        fields.append((338, short, 1, 2))
    directory = struct.pack(order + "H", len(fields))
    for tag, kind, count, value in sorted(fields):
        inline = struct.pack(order + "HH", value, 0) if kind == short and count == 1 else struct.pack(order + "I", value)
        directory += struct.pack(order + "HHI", tag, kind, count) + inline
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, bits_at + len(bits))
    return head + data + bits + directory + bytes(4)


def avifenc(name, image, *options):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.png"
        image.save(source)
        subprocess.run(["avifenc", "--lossless", *options, source, FOLDER / name], check=True, capture_output=True)


def avifdec(name):
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.png"
        subprocess.run(["avifdec", "--upsampling", "nearest", FOLDER / name, target], check=True, capture_output=True)
        return np.array(Image.open(target).convert("RGB"))


def rgb_pixels(image):
    return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def in_srgb(image):
    profile = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    intent = ImageCms.Intent.PERCEPTUAL
    return np.array(ImageCms.profileToProfile(image.convert("RGB"), profile, ImageCms.createProfile("sRGB"), intent))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(photo())
    alpha = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, 0)
    rgba = Image.fromarray(np.dstack([photo(), alpha]))
    exact, near = {}, {}

    def tiff(name, picture=image, **options):
        picture.save(FOLDER / name, **options)
        exact[name] = rgb_pixels(Image.open(FOLDER / name))

    tiff("rgb.tiff")
    tiff("rgb-lzw.tif", compression="tiff_lzw")
    tiff("rgb-deflate.tif", compression="tiff_adobe_deflate")
    tiff("rgba.tif", rgba)
    tiff("grey.tif", image.convert("L"))
    tiff("bilevel.tif", image.convert("1"), compression="group4")
    tiff("palette.tif", image.quantize(40))
    tiff("cmyk.tif", image.convert("CMYK"))
    for value in range(1, 9):
        tiff(f"turned-{value}.tif", exif=oriented(value))

    deep = np.random.default_rng(SEED).integers(0, 65536, (11, 13, 4))
    for name, array, order in (("rgb-16-bit.tif", deep[..., :3], "<"), ("rgb-16-bit-big-endian.tif", deep[..., :3], ">"),
                               ("rgba-16-bit.tif", deep, "<"), ("grey-16-bit.tif", deep[..., :1], "<")):  # fmt: skip
        (FOLDER / name).write_bytes(tiff16(array, order))
        exact[name] = (array >> 8).astype(np.uint8)[..., :3].repeat(3 if array.shape[2] == 1 else 1, 2)

    avifenc("lossless.avif", image)
    avifenc("lossless-10-bit.avif", image, "--depth", "10")
    avifenc("lossless-alpha.avif", rgba)
    for name in ("lossless.avif", "lossless-10-bit.avif", "lossless-alpha.avif"):
        exact[name] = photo()
    for value, options in AVIF_TURNS.items():
        avifenc(f"turned-{value}.avif", image, *options)
        exact[f"turned-{value}.avif"] = rgb_pixels(Image.open(FOLDER / f"turned-{value}.avif"))

    for name, subsampling in (("lossy-444.avif", "4:4:4"), ("lossy-420.avif", "4:2:0")):
        image.save(FOLDER / name, quality=80, subsampling=subsampling)
        near[name] = avifdec(name)
    image.save(FOLDER / "profile.tif", icc_profile=wide_gamut_profile())
    image.save(FOLDER / "profile.avif", icc_profile=wide_gamut_profile(), quality=100, subsampling="4:4:4")
    for name in ("profile.tif", "profile.avif"):
        near[name] = in_srgb(Image.open(FOLDER / name))

    # Not one still image: only refused.
    image.save(FOLDER / "refused-pages.tif", save_all=True, append_images=[image.rotate(90)])
    image.save(FOLDER / "refused-animated.avif", save_all=True, append_images=[image.rotate(90)], duration=100)
    Image.fromarray(np.zeros((4, 4), np.float32)).save(FOLDER / "refused-float.tif")
    with tempfile.TemporaryDirectory() as folder:
        image.save(Path(folder) / "source.png")
        heif_enc = ["heif-enc", "--quality", "90", Path(folder) / "source.png", "-o", FOLDER / "refused-hevc.heic"]
        subprocess.run(heif_enc, check=True, capture_output=True)

    version = subprocess.run(["avifenc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    write_golden(
        "converted-images", "converted_images.py",
        {name: torch.from_numpy(np.ascontiguousarray(pixels)) for name, pixels in {**exact, **near}.items()},
        {"exact": sorted(exact), "near": NEAR}, seed=str(SEED), pillow=PIL.__version__,
        pillow_avif=features.version("avif"), littlecms=features.version("littlecms2"), avifenc=version,
    )  # fmt: skip


if __name__ == "__main__":
    main()
