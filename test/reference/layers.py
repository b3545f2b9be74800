"""Goldens of single modules: what went in and what came out during one forward pass of a whole network.

Keys are checkpoint/component/module path/name, where name is the module's own argument name or `output`; the module path
is the prefix of its weights. The metadata field `modules` gives the class and the other arguments of each.
`image_only_indicator` is zeros everywhere and left out; its width is given as num_frames.
"""

import inspect

import torch

from golden_file import NETWORK_TOLERANCE, write_golden
from random_checkpoints import draw_uniform, random_pipeline

MODULES = {
    "tiny": {
        "unet": [
            "time_proj", "time_embedding", "add_time_proj", "add_embedding",
            "down_blocks.0.resnets.0",  # no change of channels
            "down_blocks.1.resnets.0",  # change of channels
            "down_blocks.1.resnets.0.spatial_res_block", "down_blocks.1.resnets.0.temporal_res_block",
            "down_blocks.0.attentions.0", "down_blocks.0.attentions.0.time_pos_embed",
            "down_blocks.0.attentions.0.transformer_blocks.0", "down_blocks.0.attentions.0.temporal_transformer_blocks.0",
            "down_blocks.0.downsamplers.0", "mid_block", "up_blocks.0.upsamplers.0", "up_blocks.1.resnets.2",
        ],
        "vae": [
            "encoder.down_blocks.0.downsamplers.0", "encoder.down_blocks.1", "encoder.mid_block",
            "decoder.mid_block", "decoder.up_blocks.0", "decoder.up_blocks.1.resnets.0", "decoder.time_conv_out",
        ],
        "image_encoder": ["vision_model.embeddings", "vision_model.encoder.layers.0", "visual_projection"],
    },
    "four-level": {
        "unet": [
            "down_blocks.1.attentions.0",  # two transformer layers
            "down_blocks.1.downsamplers.0",  # odd size
            "up_blocks.1.upsamplers.0",  # given an odd size
        ],
        "vae": ["encoder.mid_block.attentions.0", "decoder.mid_block.attentions.0", "decoder.mid_block"],
        "image_encoder": ["vision_model.encoder.layers.1"],
    },
    "mid-attn-3": {"unet": ["up_blocks.1"], "vae": ["decoder.mid_block"], "image_encoder": []},
}
UNET_SAMPLES = {"tiny": (2, 2, 8, 4, 6), "four-level": (1, 2, 8, 9, 11), "mid-attn-3": (1, 3, 8, 6, 5)}
TIMESTEP, ADDED_TIME_IDS = 0.204848, (6, 127, 0.02)


class Recorder:
    """Hooks modules and keeps the tensors of their first call."""

    def __init__(self):
        self.tensors, self.modules = {}, {}

    def hook(self, prefix, module):
        signature = inspect.signature(module.forward)

        def record(module, args, kwargs, output):
            if prefix in self.modules:
                return
            self.modules[prefix] = {"class": type(module).__name__}
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                if signature.parameters[name].kind is not inspect.Parameter.VAR_KEYWORD:
                    self.keep(prefix, name, value)
            self.keep(prefix, "output", output[0] if isinstance(output, tuple) else output)

        module.register_forward_hook(record, with_kwargs=True)

    def keep(self, prefix, name, value):
        if name == "image_only_indicator":
            self.modules[prefix]["num_frames"] = value.shape[-1]
        elif name == "pixel_values":
            self.modules[prefix]["pixel_values"] = "clip.pixel_values of the draws"
        elif isinstance(value, tuple) and all(torch.is_tensor(item) for item in value):
            for index, item in enumerate(value):
                self.keep(prefix, f"{name}.{index}", item)
        elif torch.is_tensor(value):
            self.tensors[f"{prefix}/{name}"] = value.detach().clone()
        elif value is not None:
            self.modules[prefix][name] = list(value) if isinstance(value, (tuple, torch.Size)) else value


def run_unet(pipe, name):
    shape = UNET_SAMPLES[name]
    sample = (draw_uniform(6000, shape) - 0.5) * 4
    context = (draw_uniform(6001, (shape[0], 1, pipe.unet.config.cross_attention_dim)) - 0.5) * 3
    ids = torch.tensor([ADDED_TIME_IDS] * shape[0])
    pipe.unet(sample, torch.tensor(TIMESTEP), context, added_time_ids=ids)


def run_vae(pipe, name):
    factor = pipe.vae_scale_factor
    pipe.vae.encode((draw_uniform(6002, (1, 3, 4 * factor, 5 * factor)) - 0.5) * 2)
    size = (3, 5) if name == "tiny" else (3, 2)
    pipe.vae.decode((draw_uniform(6003, (3, 4, *size)) - 0.5) * 4, num_frames=3)


PIXELS = {"seed": 6004, "shape": [1, 3, 224, 224], "scale": 4}


def run_image_encoder(pipe, _):
    pipe.image_encoder((draw_uniform(PIXELS["seed"], PIXELS["shape"]) - 0.5) * PIXELS["scale"])


RUN = {"unet": run_unet, "vae": run_vae, "image_encoder": run_image_encoder}


@torch.inference_mode()
def main():
    recorder = Recorder()
    for name, components in MODULES.items():
        with random_pipeline(name) as pipe:
            for component, paths in components.items():
                network = getattr(pipe, component)
                for path in paths:
                    recorder.hook(f"{name}/{component}/{path}", network.get_submodule(path))
                RUN[component](pipe, name)
    expected = {f"{name}/{part}/{path}" for name, parts in MODULES.items() for part, paths in parts.items() for path in paths}
    assert expected == set(recorder.modules), expected - set(recorder.modules)
    write_golden("layers", "layers.py", recorder.tensors, NETWORK_TOLERANCE,
                 modules=recorder.modules, draws={"clip.pixel_values": PIXELS},
                 timestep=TIMESTEP, added_time_ids=ADDED_TIME_IDS)


if __name__ == "__main__":
    main()
