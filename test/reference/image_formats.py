"""Small files in every mode that people send, and the RGB pixels that diffusers' load_image makes of them.

Files go to test/goldens/images/formats/; pixels to test/goldens/image-formats.safetensors, key = file name.
"""

import struct
import zlib

import numpy as np
import PIL
import torch
from diffusers.utils import load_image
from PIL import Image, features

from golden_file import GOLDENS, write_golden

FOLDER = GOLDENS / "images" / "formats"
WIDTH, HEIGHT = 37, 29
SEED = 5


def photo():
    """Smooth areas, an edge and some noise."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rgb = np.stack([x * 6 + 10, y * 8, 255 - x * 3 - y * 3], -1).astype(float)
    rgb[8:20, 12:25] = [230, 40, 90]
    return np.clip(rgb + np.random.default_rng(SEED).normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png16(array, colour_type, extra=b""):
    """A 16-bit PNG of [height, width, channels], which Pillow does not write itself."""
    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def oriented(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def wide_gamut_profile():
    """A matrix profile whose red and blue are exchanged: pixels change visibly if anyone applies it."""

    def s15(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(s15(v) for v in values)

    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78), b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249), b"rXYZ": xyz(0.1431, 0.0606, 0.7141), b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.4361, 0.2225, 0.0139),
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0233)
    tags.update({b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, b"mntr", b"RGB ", b"XYZ ") + struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head += b"acsp" + bytes(28) + s15(0.9642) + s15(1.0) + s15(0.8249)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + body


def save_files():
    rgb = photo()
    image = Image.fromarray(rgb)
    alpha = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, 0)
    rgba = Image.fromarray(np.dstack([rgb, alpha]))

    def save(name, picture=image, **options):
        picture.save(FOLDER / name, **options)

    save("rgb.png")
    save("rgba.png", rgba)
    save("grey.png", image.convert("L"))
    save("grey-alpha.png", rgba.convert("LA"))
    save("grey-one-transparent-level.png", image.convert("L"), transparency=100)
    save("rgb-one-transparent-colour.png", transparency=tuple(int(v) for v in rgb[0, 0]))
    save("bilevel.png", image.convert("1"))
    save("palette.png", image.quantize(40))
    save("palette-2-bit.png", image.quantize(3))
    save("palette-transparent.png", image.quantize(40), transparency=bytes(range(0, 240, 6)))
    save("profile.png", icc_profile=wide_gamut_profile())
    noise = np.random.default_rng(SEED).integers(0, 65536, (11, 13, 4))
    (FOLDER / "rgb-16-bit.png").write_bytes(png16(noise[..., :3], 2))
    (FOLDER / "rgba-16-bit.png").write_bytes(png16(noise, 6))
    (FOLDER / "grey-alpha-16-bit.png").write_bytes(png16(noise[..., :2], 4))
    (FOLDER / "grey-16-bit.png").write_bytes(png16(noise[..., :1] % 400, 0))
    transparent = png_chunk(b"tRNS", struct.pack(">H", int(noise[0, 0, 0] % 400)))
    (FOLDER / "grey-16-bit-one-transparent-level.png").write_bytes(png16(noise[..., :1] % 400, 0, transparent))
    for name, subsampling in (("420", 2), ("422", 1), ("444", 0)):
        save(f"rgb-{name}.jpg", quality=85, subsampling=subsampling)
    save("rgb-low-quality.jpg", quality=20)
    save("progressive.jpg", progressive=True)
    save("grey.jpg", image.convert("L"))
    save("cmyk.jpg", image.convert("CMYK"))
    save("profile.jpg", icc_profile=wide_gamut_profile())
    save("lossy.webp", quality=80)
    save("lossless.webp", lossless=True)
    save("alpha-lossy.webp", rgba, quality=80)
    save("alpha-lossless.webp", rgba, lossless=True)
    for value in range(1, 9):
        save(f"turned-{value}.jpg", exif=oriented(value), quality=90)
    save("turned-6.png", exif=oriented(6))
    save("turned-8.webp", exif=oriented(8), lossless=True)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'
    save("turned-3-xmp.jpg", xmp=xmp, quality=90)


# Not still pictures: only refused.
def save_refused():
    frames = [Image.fromarray(photo()).resize((8, 6)), Image.new("RGB", (8, 6), "red")]
    for name in ("animated.webp", "animated.png", "animated.gif"):
        frames[0].save(FOLDER / name, save_all=True, append_images=frames[1:], duration=100)
    frames[0].save(FOLDER / "still.tiff")
    frames[0].save(FOLDER / "still.bmp")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_files()
    files = [path for path in sorted(FOLDER.iterdir()) if not path.name.startswith(("animated.", "still."))]
    tensors = {path.name: torch.from_numpy(np.array(load_image(str(path)))) for path in files}
    save_refused()
    write_golden(
        "image-formats", "image_formats.py", tensors, "equal bytes", seed=str(SEED), pillow=PIL.__version__,
        libjpeg_turbo=features.version("libjpeg_turbo"), webp=features.version("webp"),
    )


if __name__ == "__main__":
    main()
