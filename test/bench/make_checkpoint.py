"""Writes the benchmark's checkpoint: SVD's topology with random weights, narrow enough for a CPU.

    python test/bench/make_checkpoint.py DIR [--width middle|full] [--variant fp16]

`middle`: UNet (128, 256, 512, 512), VAE (64, 128, 256, 256), CLIP 256 wide with 6 layers, 1.1 GB in float32.
`full`: the widths of SVD-XT, 4.5 GB in float16.
"""

import argparse

import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

WIDTHS = {
    "middle": {
        "unet": (128, 256, 512, 512),
        "heads": (2, 4, 8, 8),
        "vae": (64, 128, 256, 256),
        "clip": {"hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 4, "patch_size": 32},
        "projection_dim": 256,
        "addition": 64,
    },
    "full": {
        "unet": (320, 640, 1280, 1280),
        "heads": (5, 10, 20, 20),
        "vae": (128, 256, 512, 512),
        "clip": {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16, "patch_size": 14},
        "projection_dim": 1024,
        "addition": 256,
    },
}


def build(width):
    torch.manual_seed(0)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=width["unet"],
        num_attention_heads=width["heads"],
        cross_attention_dim=width["projection_dim"],
        addition_time_embed_dim=width["addition"],
        projection_class_embeddings_input_dim=3 * width["addition"],
    )
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=width["vae"], layers_per_block=2, down_block_types=("DownEncoderBlock2D",) * 4
    )
    clip = CLIPVisionConfig(image_size=224, hidden_act="gelu", projection_dim=width["projection_dim"], **width["clip"])
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", interpolation_type="linear",
        num_train_timesteps=1000, prediction_type="v_prediction", sigma_max=700.0, sigma_min=0.002, steps_offset=1,
        timestep_spacing="leading", timestep_type="continuous", use_karras_sigmas=True,
    )
    return StableVideoDiffusionPipeline(
        vae=vae, image_encoder=CLIPVisionModelWithProjection(clip), unet=unet, scheduler=scheduler,
        feature_extractor=CLIPImageProcessor(crop_size=224, size=224),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--width", choices=WIDTHS, default="middle")
    parser.add_argument("--variant", choices=["fp16"])
    args = parser.parse_args()
    pipeline = build(WIDTHS[args.width])
    if args.variant == "fp16":
        pipeline = pipeline.to(torch.float16)
    pipeline.save_pretrained(args.dir, variant=args.variant)
