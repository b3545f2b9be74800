"""The other side of the part `diffusers`: the same weights in diffusers, on the same card.

    python test/gpu/tasks/diffusers_side.py CHECKPOINT FOLDER FRAMES CHUNK SIGMA SIGMA_NEXT FPS BUCKET NOISE

Loads UNet and VAE in float16, and then does what each line of its input says, with one line of JSON each:
  step        a denoise step as StableVideoDiffusionPipeline makes it: both passes, guidance, Euler, on tensors of the card
  decode      one chunk of frames
  compile     torch.compile for both from now on
  reference   step and decode in float32 without TF32, written to FOLDER/expected-*.bin
  compare     step and decode in float16, written to FOLDER/half-*.bin
FOLDER has latents.bin, image_latents.bin, image_embeds.bin and guidance_scale.bin, all float32.
"""

import ctypes
import json
import math
import signal
import sys
import time
from pathlib import Path

# A killed task must not leave this process on the card: Linux ends it with its parent (PR_SET_PDEATHSIG).
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

import torch  # noqa: E402
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel, __version__  # noqa: E402

checkpoint, folder = sys.argv[1], Path(sys.argv[2])
frames, chunk = int(sys.argv[3]), int(sys.argv[4])
sigma, sigma_next, fps, bucket, noise = map(float, sys.argv[5:10])
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False

started = time.perf_counter()
load = dict(variant="fp16", torch_dtype=torch.float16)
unet = UNetSpatioTemporalConditionModel.from_pretrained(checkpoint, subfolder="unet", **load).to(device).eval()
vae = AutoencoderKLTemporalDecoder.from_pretrained(checkpoint, subfolder="vae", **load).to(device).eval()


def tensor(name, shape):
    return torch.frombuffer(bytearray((folder / f"{name}.bin").read_bytes()), dtype=torch.float32).reshape(shape).to(device)


size = json.loads((folder / "size.json").read_text())
height, width = size["height"], size["width"]
latents = tensor("latents", (1, frames, 4, height, width))
image_latents = tensor("image_latents", (2, 4, height, width))[:, None].expand(-1, frames, -1, -1, -1)
image_embeds = tensor("image_embeds", (2, 1, -1))
guidance = tensor("guidance_scale", (1, frames, 1, 1, 1))
time_ids = torch.tensor([[fps - 1, bucket, noise]] * 2, device=device)
timestep = torch.tensor(0.25 * math.log(sigma), device=device)


def step(dtype=torch.float16):
    scaled = torch.cat([latents, latents]) / math.sqrt(sigma**2 + 1)
    sample = torch.cat([scaled, image_latents], dim=2).to(dtype)
    ids = time_ids.to(dtype)
    prediction = unet(sample, timestep, encoder_hidden_states=image_embeds.to(dtype), added_time_ids=ids).sample.float()
    unconditional, conditional = prediction.chunk(2)
    guided = unconditional + guidance * (conditional - unconditional)
    original = guided * (-sigma / math.sqrt(sigma**2 + 1)) + latents / (sigma**2 + 1)
    return latents + (latents - original) / sigma * (sigma_next - sigma)


def decode(dtype=torch.float16):
    rows = (latents[0, :chunk] / vae.config.scaling_factor).to(dtype)
    return vae.decode(rows, num_frames=chunk).sample


def as_bytes(images):
    return ((images.float() / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def write(prefix, dtype):
    (folder / f"{prefix}-step.bin").write_bytes(step(dtype).cpu().contiguous().numpy().tobytes())
    (folder / f"{prefix}-frames.bin").write_bytes(as_bytes(decode(dtype)).cpu().contiguous().numpy().tobytes())


def wait():
    if cuda:
        torch.cuda.synchronize()


def timed(work):
    wait()
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    result = work()
    wait()
    return {
        "seconds": time.perf_counter() - began,
        "peakBytes": torch.cuda.max_memory_reserved() if cuda else 0,
        "nonFiniteValues": int((~torch.isfinite(result)).sum()),
    }


def compile_both():
    global unet, vae
    unet = torch.compile(unet)
    vae.decoder = torch.compile(vae.decoder)


def reference():
    # Half weights are exact in float32, so that nothing is lost on the way back.
    if cuda:
        torch.cuda.empty_cache()
    unet.float()
    vae.float()
    write("expected", torch.float32)
    unet.half()
    vae.half()
    if cuda:
        torch.cuda.empty_cache()


def say(answer):
    print(json.dumps(answer), flush=True)


wait()
say({"loadSeconds": time.perf_counter() - started, "versions": {"torch": torch.__version__, "diffusers": __version__}})
with torch.inference_mode():
    for line in sys.stdin:
        command = line.strip()
        if command == "step":
            say(timed(step))
        elif command == "decode":
            say(timed(decode))
        elif command == "compile":
            compile_both()
            say({})
        elif command == "reference":
            reference()
            say({})
        elif command == "compare":
            write("half", torch.float16)
            say({})
        else:
            raise SystemExit(f"{command!r} is not a command")
