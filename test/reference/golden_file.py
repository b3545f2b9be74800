"""Writing a golden: a small safetensors file whose header says which program and which versions made it."""

import json
from pathlib import Path

import diffusers
import torch
import transformers
from safetensors.torch import save_file

GOLDENS = Path(__file__).resolve().parent.parent / "goldens"

# Shared by every program here: values are compared as a share of the largest expected magnitude, frames as bytes.
NETWORK_TOLERANCE = {"relativeToScale": 1e-4}
FRAME_TOLERANCE = {"maxOf255": 1, "meanOf255": 0.01}


def sort_header(path):
    """safetensors writes the metadata in a random order; sorted, the same program gives the same file."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    text = json.dumps(json.loads(content[8:start]), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[start:])


def write_golden(name, program, tensors, tolerance, **metadata):
    """Writes test/goldens/<name>.safetensors. Metadata values that are not text are stored as JSON."""
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__}
    metadata = {"program": f"test/reference/{program}", "versions": versions, "tolerance": tolerance, **metadata}
    header = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    tensors = {key: tensor.detach().contiguous().clone() for key, tensor in tensors.items()}
    path = GOLDENS / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata=header)
    sort_header(path)
    path.chmod(0o644)
    print(f"{path.name}: {path.stat().st_size} bytes")
    for key, tensor in tensors.items():
        values = tensor.double()
        spread = f"mean {values.mean():.4g}, std {values.std(correction=0):.4g}, max {values.abs().max():.4g}"
        print(f"  {key} {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)} {spread}")
    return path
