"""Small files whose metadata turns the image, or seems to, and the RGB pixels that diffusers' load_image makes of them.

Golden: test/goldens/image-metadata.safetensors, where `NAME` has the pixels and `file:NAME` the file's bytes.
"""

import io
import struct
import warnings
import zlib

import numpy as np
import PIL
import torch
from diffusers.utils import load_image
from PIL import Image, features

from golden_file import write_golden
from image_formats import png_chunk

WIDTH, HEIGHT = 5, 3
SEED = 11
PREFIX = b"Exif\0\0"
RAW_EXIF, XMP = b"Raw profile type exif", b"XML:com.adobe.xmp"
RNG = np.random.default_rng(SEED)
PIXELS = RNG.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


# EXIF


def tiff(fields, order="II", magic=42, next_directory=0, after=b""):
    """fields: tag, type, count, and the value's bytes, or the offset (int) where they lie."""
    endian = "<" if order == "II" else ">"
    data, values = struct.pack(endian + "H", len(fields)), b""
    for tag, kind, count, value in fields:
        if isinstance(value, bytes) and len(value) > 4:
            values += value
            value = 8 + 2 + 12 * len(fields) + 4 + len(values) - len(value)
        stored = value.ljust(4, b"\0") if isinstance(value, bytes) else struct.pack(endian + "I", value)
        data += struct.pack(endian + "HHI", tag, kind, count) + stored
    data += struct.pack(endian + "I", next_directory) + values + after
    return order.encode() + struct.pack(endian + "HI", magic, 8) + data


FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q"}


def turned(*values, order="II", kind=3):
    value = b"".join(struct.pack(("<" if order == "II" else ">") + FORMATS[kind], v) for v in values)
    return tiff([(0x0112, kind, len(values), value)], order)


SIX = turned(6)
MAKE = (0x010F, 2, 6, b"Maker\0")
ORIENTATION = (0x0112, 3, 1, b"\6\0")

EXIF = {
    **{f"{value}": turned(value) for value in range(10)},
    "big-endian": turned(6, order="MM"),
    **{f"type-{kind}": turned(6, kind=kind) for kind in FORMATS},
    "text": tiff([(0x0112, 2, 2, b"6\0")]),
    "rational": tiff([(0x0112, 5, 1, struct.pack("<II", 12, 2))]),
    "rational-over-zero": tiff([(0x0112, 5, 1, struct.pack("<II", 6, 0))]),
    "signed-rational": tiff([(0x0112, 10, 1, struct.pack("<ii", -6, -1))]),
    "two-values": turned(6, 3),
    "no-values": tiff([(0x0112, 3, 0, b"\6\0"), (0x0112, 3, 1, b"\3\0")]),
    "repeated-field": tiff([ORIENTATION, (0x0112, 3, 1, b"\3\0")]),
    "unknown-type-first": tiff([(0x0112, 99, 1, b"\3\0"), ORIENTATION]),
    "behind-text": tiff([MAKE, ORIENTATION]),
    "behind-text-outside": tiff([(0x010F, 2, 10, 60), ORIENTATION], after=bytes(20)),
    "before-text-outside": tiff([ORIENTATION, (0x010F, 2, 10, 9999)]),
    "behind-text-longer-than-all": tiff([(0x010F, 2, 999, 8), ORIENTATION]),
    "second-directory": tiff([MAKE], next_directory=32, after=SIX[8:]),
    "cut": SIX[:20],
    "swapped-magic": b"II\0*" + SIX[4:],
    "big-tiff-magic": b"MM\0+" + turned(6, order="MM")[4:],
    "prefixed": PREFIX + SIX,
}


# XMP


def packet(value):
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%s"/></x:xmpmeta>' % value


XMPS = {
    "attribute": packet(b"6"),
    "element": b"<tiff:Orientation>6</tiff:Orientation>",
    "two-digits": packet(b"60"),
    "single-quotes": packet(b"6").replace(b'"', b"'"),
    "first-of-two": packet(b"6") + packet(b"3"),
    "not-utf-8": b"\xe9" + packet(b"6"),
}


# PNG


def png(before=b"", after=b"", behind=b""):
    """Chunks before and after the pixels, and what follows the end of the file."""
    rows = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
    body = header + before + png_chunk(b"IDAT", zlib.compress(rows)) + after + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body + behind


def exif_chunk(data=SIX):
    return png_chunk(b"eXIf", data)


def raw_profile(data=SIX):
    """As ImageMagick writes it: name, size, and lines of 36 bytes."""
    digits = data.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return f"\nexif\n{len(data):8}\n{lines}\n".encode()


def text(keyword, value):
    return png_chunk(b"tEXt", keyword + b"\0" + value)


def compressed_text(keyword, value):
    return png_chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(value))


def international_text(keyword, value, compressed=False, language=b""):
    stored = zlib.compress(value) if compressed else value
    return png_chunk(b"iTXt", keyword + b"\0" + bytes([compressed, 0]) + language + b"\0\0" + stored)


def frame_control(sequence):
    return png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))


def animation(frames):
    return png_chunk(b"acTL", struct.pack(">II", frames, 0))


def adam7_grey16():
    """16-bit greyscale in the seven passes of an interlaced PNG, levels on both sides of 255."""
    levels = RNG.integers(0, 400, (9, 11)).astype(">u2")
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in levels[y::dy, x::dx] if row.size)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 11, 9, 16, 0, 0, 0, 1))
    body = header + png_chunk(b"IDAT", zlib.compress(rows)) + exif_chunk() + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_files():
    before_and_after = {
        "exif": exif_chunk(), "exif-prefixed": exif_chunk(PREFIX + SIX),
        "raw-text": text(RAW_EXIF, raw_profile()), "raw-compressed": compressed_text(RAW_EXIF, raw_profile(PREFIX + SIX)),
        "raw-international": international_text(RAW_EXIF, raw_profile()),
        "raw-international-compressed": international_text(RAW_EXIF, raw_profile(), True),
        "xmp-international": international_text(XMP, packet(b"6")), "xmp-text": text(XMP, packet(b"6")),
        "xmp-compressed": compressed_text(XMP, packet(b"6")),
    }
    for name, chunk in before_and_after.items():
        yield f"{name}-before.png", png(before=chunk)
        yield f"{name}-after.png", png(after=chunk)
    for name, data in XMPS.items():
        yield f"xmp-{name}.png", png(after=international_text(XMP, data))
    yield "two-exif.png", png(before=exif_chunk(turned(3)), after=exif_chunk())
    yield "two-exif-last-straight.png", png(before=exif_chunk() + exif_chunk(turned(1)))
    yield "two-raw.png", png(before=text(RAW_EXIF, raw_profile(turned(3))), after=compressed_text(RAW_EXIF, raw_profile()))
    yield "two-xmp.png", png(before=international_text(XMP, packet(b"3")), after=text(XMP, packet(b"6")))
    yield "two-xmp-last-not-utf-8.png", png(
        before=international_text(XMP, packet(b"6")), after=international_text(XMP, b"\xe9" + packet(b"3"))
    )
    yield "two-xmp-last-empty.png", png(before=text(XMP, packet(b"3")), after=international_text(XMP, b""))
    yield "exif-and-raw.png", png(before=exif_chunk(), after=text(RAW_EXIF, raw_profile(turned(3))))
    yield "exif-and-xmp.png", png(before=international_text(XMP, packet(b"3")), after=exif_chunk())
    yield "exif-without-orientation-and-xmp.png", png(before=exif_chunk(tiff([MAKE])) + text(XMP, packet(b"6")))
    yield "empty-exif-and-xmp.png", png(before=exif_chunk(b"") + text(XMP, packet(b"6")))
    yield "exif-as-text.png", png(after=text(b"exif", SIX))
    yield "raw-other-name.png", png(after=text(b"Raw profile type APP1", raw_profile()))
    yield "raw-not-zlib.png", png(before=text(RAW_EXIF, raw_profile()), after=png_chunk(b"zTXt", RAW_EXIF + b"\0\0no zlib"))
    yield "international-not-zlib.png", png(
        before=text(RAW_EXIF, raw_profile()), after=png_chunk(b"iTXt", RAW_EXIF + b"\0\1\0\0\0no zlib")
    )
    yield "language-not-utf-8.png", png(after=international_text(RAW_EXIF, raw_profile(), language=b"\xff"))
    yield "exif-after-end.png", png(behind=exif_chunk())
    yield "exif-after-end-missing.png", png(after=exif_chunk())[:-12]
    yield "exif-between-pixels.png", png(after=png_chunk(b"IDAT", b"") + exif_chunk())
    yield "exif-behind-what-is-no-chunk.png", png(after=png_chunk(b"n\xffno", b"") + exif_chunk())
    yield "exif-with-wrong-checksum-after.png", png(after=exif_chunk()[:-1] + b"?")
    yield "one-frame.png", png(before=animation(1) + frame_control(0), after=exif_chunk())
    yield "one-frame-and-still.png", png(before=animation(1), after=exif_chunk() + frame_control(0))
    yield "one-frame-and-still-exif-in-frame.png", png(before=animation(1), after=frame_control(0) + exif_chunk())
    yield "no-frames.png", png(before=animation(0) + frame_control(0))
    yield "two-counts-of-frames.png", png(before=animation(2) + animation(2) + frame_control(0))
    yield "frame-without-animation.png", png(before=frame_control(0), after=exif_chunk())
    yield "wide-gamut-pq.png", png(before=png_chunk(b"cICP", bytes([9, 16, 0, 1])))
    yield "gamma.png", png(before=png_chunk(b"gAMA", struct.pack(">I", 20000)))
    yield "interlaced-grey-16-bit.png", adam7_grey16()


# JPEG


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def segments_of(jpeg):
    """Segments between start of image and start of scan, and the rest."""
    at, segments = 2, []
    while jpeg[at + 1] != 0xDA:
        size = 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        segments.append(jpeg[at : at + size])
        at += size
    return segments, jpeg[at:]


def jpeg_files():
    (jfif, *tables), scan = segments_of(encoded(Image.fromarray(PIXELS), "JPEG", quality=90))

    def jpeg(first=b"", last=b"", behind=b"", jfif=jfif):
        return b"\xff\xd8" + jfif + first + b"".join(tables) + last + scan + behind

    def exif(data=SIX):
        return segment(0xE1, PREFIX + data)

    def xmp(data):
        return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data)

    for name, data in EXIF.items():
        yield f"exif-{name}.jpg", jpeg(exif(data))
    for name, data in XMPS.items():
        yield f"xmp-{name}.jpg", jpeg(xmp(data))
    yield "exif-not-exif-and-xmp.jpg", jpeg(exif(b"garbage!") + xmp(packet(b"6")))
    yield "exif-prefixed-three-times.jpg", jpeg(exif(PREFIX + PREFIX + SIX))
    yield "exif-in-two-segments.jpg", jpeg(exif(SIX[:12]) + exif(SIX[12:]))
    yield "two-exif.jpg", jpeg(exif() + exif(turned(3)))
    yield "two-xmp.jpg", jpeg(xmp(packet(b"3")) + xmp(packet(b"6")))
    yield "two-xmp-last-empty.jpg", jpeg(xmp(packet(b"3")) + xmp(b""))
    yield "extended-xmp.jpg", jpeg(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + packet(b"3")) + xmp(packet(b"6")))
    yield "exif-and-xmp.jpg", jpeg(xmp(packet(b"3")) + exif())
    yield "exif-behind-tables.jpg", jpeg(last=exif())
    yield "exif-behind-pixels.jpg", jpeg(behind=exif())
    yield "exif-before-jfif.jpg", jpeg(jfif, jfif=exif())
    yield "exif-without-jfif.jpg", jpeg(exif(), jfif=b"")
    yield "exif-behind-padding.jpg", jpeg(b"\xff\xff\xff" + exif())
    yield "exif-behind-junk.jpg", jpeg(b"junk\xff\0junk" + exif())
    yield "exif-behind-marker-without-data.jpg", jpeg(b"\xff\xd0" + exif())
    yield "exif-in-app2.jpg", jpeg(segment(0xE2, PREFIX + SIX))
    cmyk_segments, cmyk_scan = segments_of(encoded(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"))
    without_adobe = [one for one in cmyk_segments if one[1] != 0xEE]
    yield "cmyk-without-adobe.jpg", b"\xff\xd8" + exif() + b"".join(without_adobe) + cmyk_scan
    upside_down = Image.fromarray(PIXELS[::-1])
    yield "multi-picture.jpg", encoded(
        Image.fromarray(PIXELS), "MPO", save_all=True, append_images=[upside_down], exif=PREFIX + SIX
    )


# WebP


def riff(chunks):
    data = b"WEBP" + b"".join(riff_chunk(*chunk) for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(data)) + data


def riff_chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def uint24(value):
    return struct.pack("<I", value)[:3]


ANIMATED, HAS_XMP, HAS_EXIF = 2, 4, 8


def webp_files():
    still = encoded(Image.fromarray(PIXELS), "WEBP", lossless=True)
    pixels = (b"VP8L", still[20 : 20 + struct.unpack("<I", still[16:20])[0]])

    def header(flags, width=WIDTH, height=HEIGHT):
        return b"VP8X", bytes([flags, 0, 0, 0]) + uint24(width - 1) + uint24(height - 1)

    def webp(*chunks, flags=HAS_EXIF | HAS_XMP):
        return riff([header(flags), pixels, *chunks])

    yield "exif.webp", webp((b"EXIF", SIX))
    yield "exif-prefixed.webp", webp((b"EXIF", PREFIX + SIX))
    yield "exif-twice-prefixed.webp", webp((b"EXIF", PREFIX + PREFIX + SIX))
    yield "exif-without-flag.webp", webp((b"EXIF", SIX), flags=0)
    yield "exif-before-pixels.webp", riff([header(HAS_EXIF), (b"EXIF", SIX), pixels])
    yield "two-exif.webp", webp((b"EXIF", SIX), (b"EXIF", turned(3)))
    yield "xmp.webp", webp((b"XMP ", packet(b"6")))
    yield "xmp-and-exif.webp", webp((b"XMP ", packet(b"3")), (b"EXIF", SIX))
    yield "xmp-and-exif-without-orientation.webp", webp((b"EXIF", tiff([MAKE])), (b"XMP ", packet(b"6")))
    place = uint24(2) + uint24(1) + uint24(WIDTH - 1) + uint24(HEIGHT - 1) + uint24(100) + b"\0"
    frame = (b"ANMF", place + riff_chunk(*pixels))
    loop = (b"ANIM", b"\xff\x80\x10\xff\0\0")
    yield "one-frame-aside.webp", riff([header(ANIMATED | HAS_EXIF, 12, 8), loop, frame, (b"EXIF", SIX)])


def pixels_of(name, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = Image.open(io.BytesIO(data))
        assert image.format in ("PNG", "JPEG", "WEBP", "MPO"), name
        return torch.from_numpy(np.array(load_image(image)))


def main():
    tensors = {}
    for name, data in [*png_files(), *jpeg_files(), *webp_files()]:
        assert name not in tensors, name
        tensors[name] = pixels_of(name, data)
        tensors[f"file:{name}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    write_golden(
        "image-metadata", "image_metadata.py", tensors, "equal bytes", seed=str(SEED), pillow=PIL.__version__,
        libjpeg_turbo=features.version("libjpeg_turbo"), webp=features.version("webp"),
    )


if __name__ == "__main__":
    main()
