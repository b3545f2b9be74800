"""How many bytes diffusers' eager float16 graph moves between its products, at SVD-XT's full size.

Nothing is computed: the modules run on PyTorch's meta device, which has shapes, types and strides. Counted is every
operator that PyTorch dispatches, by this rule:

  * A convolution, a matrix product and scaled-dot-product attention do not count, and neither does the bias of a matrix
    product, which cuBLAS adds as it writes.
  * The bias of a convolution counts as one more pass over its output, read and written: on CUDA, PyTorch adds it after
    cuDNN ("cuDNN convolutions does not handle bias. Bias is handled outside.", ATen/native/cudnn/ConvShared.cpp).
  * A view counts nothing, and neither does an allocation without a value.
  * Every other operator counts the bytes of its tensor inputs and of its outputs. A tensor that is given twice counts
    once, a tensor expanded along an axis counts the bytes that it has in memory, and an operator in place writes its
    first argument. What a kernel reads twice, as a group norm does, counts once.

Results go to test/goldens/eager-bytes.json.
"""

import json
import platform
import sys
from collections import Counter

import diffusers
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from golden_file import GOLDENS

CONFIGS = GOLDENS.parents[1] / "worker" / "checkpoint" / "known-configs" / "svd-xt"
RULE = (
    "Bytes of the tensor inputs and outputs of every dispatched operator that is not a convolution, a matrix product, "
    "attention, a view or an allocation, and one more pass over the output of a convolution that has a bias. A tensor "
    "given twice counts once, an expanded one what it has in memory."
)
CLIPS, FRAMES, HEIGHT, WIDTH = 2, 25, 576, 1024
DECODED_AT_ONCE = (8, 25)

PRODUCTS = {"convolution", "mm", "addmm", "bmm", "baddbmm"}
# `_unsafe_view` is a view whose schema does not say so.
VIEWS = {"_unsafe_view"}
ALLOCATIONS = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}


def stored_bytes(tensor):
    numbers = 1
    for size, stride in zip(tensor.shape, tensor.stride()):
        numbers *= size if stride != 0 else 1
    return numbers * tensor.element_size()


def is_view(func):
    returns = func._schema.returns
    return bool(returns) and all(r.alias_info is not None and not r.alias_info.is_write for r in returns)


class CountBytes(TorchDispatchMode):
    """Sums bytes and calls by operator."""

    def __init__(self):
        super().__init__()
        self.bytes, self.calls = Counter(), Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::")
        if name == "convolution" and args[2] is not None:
            self.bytes["convolution's bias"] += 2 * stored_bytes(out)
            self.calls["convolution's bias"] += 1
        if name in PRODUCTS or name in VIEWS or name in ALLOCATIONS or is_view(func):
            return out
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        # A write into an argument that is read too, as `add_` does, is one read and one write.
        read = {id(tensor): tensor for tensor in given}.values()
        written = [leaf for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)]
        moved = sum(map(stored_bytes, read)) + sum(map(stored_bytes, written))
        if name in ("copy_", "fill_", "zero_"):  # These overwrite their first argument and do not read it.
            moved -= stored_bytes(args[0])
        self.bytes[name] += moved
        self.calls[name] += 1
        return out


class OneAttention(TorchFunctionMode):
    """Attention as the one kernel that a GPU runs; on meta PyTorch would take it apart into products and a softmax."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.nn.functional.scaled_dot_product_attention:
            query, _, value = args[:3] if len(args) >= 3 else (kwargs["query"], None, kwargs["value"])
            batch, heads, length, _ = query.shape
            # Flash attention's own layout: [batch, length, heads, size], so that what follows is a view.
            return query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
        return func(*args, **(kwargs or {}))


def open_on_meta(model, component):
    config = json.loads((CONFIGS / component / "config.json").read_text())
    with torch.device("meta"):
        # `mix_factor` is made on the CPU whatever the default device.
        return model.from_config(config).eval().to(device="meta", dtype=torch.float16)


def count(run):
    counted = CountBytes()
    with torch.no_grad(), OneAttention(), counted:
        out = run()
    return counted, list(out.shape)


def report(counted, **fields):
    by_op = {name: {"bytes": moved, "calls": counted.calls[name]} for name, moved in counted.bytes.most_common()}
    return {**fields, "bytes": sum(counted.bytes.values()), "byOperator": by_op}


def half(*shape):
    return torch.empty(*shape, dtype=torch.float16, device="meta")


def unet_step():
    unet = open_on_meta(UNetSpatioTemporalConditionModel, "unet")
    latents = half(CLIPS, FRAMES, 8, HEIGHT // 8, WIDTH // 8)
    arguments = {
        "timestep": torch.empty((), device="meta"),
        "encoder_hidden_states": half(CLIPS, 1, unet.config.cross_attention_dim),
        "added_time_ids": half(CLIPS, 3),
        "return_dict": False,
    }
    counted, shape = count(lambda: unet(latents, **arguments)[0])
    assert shape == [CLIPS, FRAMES, 4, HEIGHT // 8, WIDTH // 8], shape
    return report(counted, clips=CLIPS, frames=FRAMES, height=HEIGHT, width=WIDTH)


def vae_decode(frames):
    vae = open_on_meta(AutoencoderKLTemporalDecoder, "vae")
    latents = half(frames, 4, HEIGHT // 8, WIDTH // 8)
    counted, shape = count(lambda: vae.decode(latents, num_frames=frames, return_dict=False)[0])
    assert shape == [frames, 3, HEIGHT, WIDTH], shape
    return report(counted, frames=frames, height=HEIGHT, width=WIDTH)


def main():
    golden = {
        "program": "test/reference/eager_bytes.py",
        "versions": {
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
            "python": platform.python_version(),
        },
        "rule": RULE,
        "unetStep": unet_step(),
        "vaeDecode": [vae_decode(frames) for frames in DECODED_AT_ONCE],
    }
    path = GOLDENS / "eager-bytes.json"
    path.write_text(json.dumps(golden, indent=2) + "\n")
    for name, part in [("UNet step", golden["unetStep"])] + [("VAE decode", part) for part in golden["vaeDecode"]]:
        print(f"{name}, {part['frames']} frames: {part['bytes'] / 1e9:.2f} GB", file=sys.stderr)
        for op, moved in part["byOperator"].items():
            print(f"  {op} {moved['bytes'] / 1e9:.2f} GB, {moved['calls']} calls", file=sys.stderr)


if __name__ == "__main__":
    main()
