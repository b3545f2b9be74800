"""Goldens of single modules at the widths of the published checkpoints, two clips of three frames of 4 x 6 each.

Keys are wide/component/module path/output. Inputs are drawn, not stored: the metadata field `draws` has them by
wide/component/module path/argument name, value = (u - 0.5) * scale in float32 with u as in random_checkpoints.py. A drawn
`temb` or `encoder_hidden_states` has a row for each clip, which the module gets again for each frame. `modules` gives the
class of each, and its frames per clip as num_frames; `image_only_indicator` is zeros.
"""

import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel

from golden_file import NETWORK_TOLERANCE, write_golden
from random_checkpoints import draw_tensors, draw_uniform, read_spec

CLIPS, FRAMES, SIZE = 2, 3, (4, 6)
CLASSES = {"unet": UNetSpatioTemporalConditionModel, "vae": AutoencoderKLTemporalDecoder}
PER_CLIP = {"temb": (1280,), "encoder_hidden_states": (1, 1024)}
SCALES = {"temb": 4.0, "encoder_hidden_states": 3.0}
FIRST_SEED = 8000

# Path, name of the argument that takes images, their channels, what it is given for each clip; the published widths are 320,
# with five heads of 64 and feed-forwards of 2,560 and 1,280, and 512 in the VAE's middle.
MODULES = {
    "unet": [
        ("down_blocks.0.resnets.0", "hidden_states", 320, ["temb"]),
        ("down_blocks.0.resnets.0.spatial_res_block", "input_tensor", 320, ["temb"]),
        ("down_blocks.0.attentions.0", "hidden_states", 320, ["encoder_hidden_states"]),
        ("down_blocks.0.downsamplers.0", "hidden_states", 320, []),
        ("down_blocks.1.resnets.0.spatial_res_block", "input_tensor", 320, ["temb"]),
        ("down_blocks.1.resnets.1", "hidden_states", 64, ["temb"]),
        ("down_blocks.1.resnets.1.spatial_res_block", "input_tensor", 64, ["temb"]),
        ("down_blocks.1.attentions.0", "hidden_states", 64, ["encoder_hidden_states"]),
        ("down_blocks.1.downsamplers.0", "hidden_states", 64, []),
        ("up_blocks.1.upsamplers.0", "hidden_states", 64, []),
    ],
    "vae": [
        ("encoder.down_blocks.0.resnets.0", "input_tensor", 64, []),
        ("encoder.down_blocks.0.downsamplers.0", "hidden_states", 64, []),
        ("encoder.mid_block.attentions.0", "hidden_states", 512, []),
        ("decoder.up_blocks.1.resnets.1", "hidden_states", 320, []),
        ("decoder.up_blocks.2.resnets.1", "hidden_states", 64, []),
    ],
}


def load_module(network, component, path):
    """The network's own module at that path, with its random weights."""
    module = network.get_submodule(path).to_empty(device="cpu")
    tensors = draw_tensors(component, under=f"{path}.")
    module.load_state_dict({key.removeprefix(f"{path}."): tensor for key, tensor in tensors.items()})
    return module.eval().requires_grad_(False)


def wide_modules():
    """Key, module, its keyword arguments and how they were drawn, one after the other; the weights are replaced in between."""
    spec, seed = read_spec("wide"), FIRST_SEED
    for part, modules in MODULES.items():
        with torch.device("meta"):
            network = CLASSES[part].from_config(spec["configs"][part])
        for path, images, channels, per_clip in modules:
            key, arguments, draws = f"wide/{part}/{path}", {}, {}
            for name in [images, *per_clip]:
                shape = (CLIPS, *PER_CLIP[name]) if name in PER_CLIP else (CLIPS * FRAMES, channels, *SIZE)
                draws[f"{key}/{name}"] = {"seed": seed, "shape": list(shape), "scale": SCALES.get(name, 4.0)}
                drawn = (draw_uniform(seed, shape) - 0.5) * torch.tensor(SCALES.get(name, 4.0))
                arguments[name] = drawn.repeat_interleave(FRAMES, dim=0) if name in PER_CLIP else drawn
                seed += 1
            module = load_module(network, spec["components"][part], path)
            if type(module).__name__ in ("SpatioTemporalResBlock", "TransformerSpatioTemporalModel"):
                arguments["image_only_indicator"] = torch.zeros(CLIPS, FRAMES)
            if type(module).__name__ == "ResnetBlock2D":
                arguments.setdefault("temb", None)
            yield key, module, arguments, draws


def first_output(output):
    return output[0] if isinstance(output, tuple) else getattr(output, "sample", output)


@torch.inference_mode()
def main():
    tensors, all_draws, classes = {}, {}, {}
    for key, module, arguments, draws in wide_modules():
        tensors[f"{key}/output"] = first_output(module(**arguments))
        all_draws |= draws
        classes[key] = {"class": type(module).__name__, "num_frames": FRAMES}
    sums = {part: component["sha256"]["F32"] for part, component in read_spec("wide")["components"].items()}
    write_golden("layers-wide", "wide_layers.py", tensors, NETWORK_TOLERANCE, modules=classes, draws=all_draws, sha256=sums)


if __name__ == "__main__":
    main()
