"""How far diffusers' own float16 results are from its float32 ones, on the same checkpoints and inputs: what a float16 graph
of ours must not exceed.

The golden has no tensors. Its metadata field `errors` has, by golden and by key, for each output there:
  relativeToScale   largest error as a share of the largest float32 magnitude
  relativeRms       root mean square of the errors as a share of that of the float32 values
  ownRounding       relativeRms of nothing but the float32 values rounded to half

Weights and inputs are those of the float32 run, rounded to half (`networks-tiny-fp16`: its weights are halves already). Layers
get the float32 run's inputs, so that no error is handed from one to the next; they are keyed without `/output`, and those
without weights are left out. A network gets half inputs, the timestep alone is float32. Pipelines start from the same
halves (`precision` fp16 of pipeline.py), and their error is that of the last latents and of the frames (as bytes of 255).
The CPU's half kernels sum in float32 and round each operator's output, as a GPU's do.
"""

import copy
import inspect

import torch

import layers
import networks
import pipeline
from golden_file import write_golden
from random_checkpoints import random_pipeline
from wide_layers import first_output, wide_modules


def to_half(value):
    if torch.is_tensor(value):
        return value.half() if value.is_floating_point() else value
    return tuple(to_half(item) for item in value) if isinstance(value, tuple) else value


def error_of(half, single):
    single, error = single.double(), half.double() - single.double()
    rms = single.square().mean().sqrt()
    return {
        "relativeToScale": (error.abs().max() / single.abs().max()).item(),
        "relativeRms": (error.square().mean().sqrt() / rms).item(),
        "ownRounding": ((single.half().double() - single).square().mean().sqrt() / rms).item(),
    }


def layer_errors():
    """Of the modules that layers.py records, each on the arguments of its first call in a float32 network."""
    errors = {}

    def hook(key, module):
        def compare(module, args, kwargs, output):
            if key in errors or not list(module.parameters()):
                return
            bound = inspect.signature(module.forward).bind(*args, **kwargs).arguments
            kwargs_too = bound.pop("kwargs", {})
            alone = copy.deepcopy(module)
            alone._forward_hooks.clear()
            half = alone.half()(**{name: to_half(value) for name, value in {**bound, **kwargs_too}.items()})
            errors[key] = error_of(first_output(half), first_output(output))

        module.register_forward_hook(compare, with_kwargs=True)

    for name, components in layers.MODULES.items():
        with random_pipeline(name) as pipe:
            for component, paths in components.items():
                network = getattr(pipe, component)
                for path in paths:
                    hook(f"{name}/{component}/{path}", network.get_submodule(path))
                layers.RUN[component](pipe, name)
    return errors


def wide_layer_errors():
    errors = {}
    for key, module, arguments, _ in wide_modules():
        half = copy.deepcopy(module).half()(**{name: to_half(value) for name, value in arguments.items()})
        errors[key] = error_of(first_output(half), first_output(module(**arguments)))
    return errors


def network_errors(name, variant):
    with random_pipeline(name, variant) as pipe:
        single, _, _ = networks.run_networks(pipe, networks.CASES[name])
    with random_pipeline(name, variant, torch.float16) as pipe:
        half, _, _ = networks.run_networks(pipe, networks.CASES[name], torch.float16)
    return {key: error_of(half[key], single[key]) for key in single}


def pipeline_errors(name):
    case = {**pipeline.DEFAULTS, **pipeline.CASES[name]}
    with random_pipeline(case["checkpoint"]) as pipe:
        frames, latents = pipeline.run_case(pipe, {**case, "precision": "fp16"})
    with random_pipeline(case["checkpoint"], dtype=torch.float16) as pipe:
        half_frames, half_latents = pipeline.run_case(pipe, {**case, "precision": "fp32"})
    assert half_latents.dtype == torch.float16
    moved = (half_frames.int() - frames.int()).abs()
    return {
        "latents": error_of(half_latents, latents),
        "frames": {"maxOf255": moved.max().item(), "meanOf255": moved.double().mean().item()},
    }


PIPELINES = ["default-ramp", "half-noise", "three-level"]


@torch.inference_mode()
def main():
    errors = {"layers": layer_errors(), "layers-wide": wide_layer_errors()}
    for name in networks.CASES:
        for variant in [None, "fp16"] if name == "tiny" else [None]:
            errors[f"networks-{name}" + (f"-{variant}" if variant else "")] = network_errors(name, variant)
    for name in PIPELINES:
        errors[f"pipeline-{name}"] = pipeline_errors(name)
    write_golden("half-errors", "half_errors.py", {}, "none: these are what float16 graphs are held to", errors=errors)
    for golden, by_key in errors.items():
        for key, figures in by_key.items():
            print(f"  {golden} {key} " + ", ".join(f"{name} {value:.3g}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
