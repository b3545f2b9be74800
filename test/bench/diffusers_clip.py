"""One clip with diffusers eager on the CPU in float32: the other side of the benchmark. Prints one JSON object."""

import argparse
import json
import resource
import sys
import time

started = time.perf_counter()
import diffusers  # noqa: E402
import torch  # noqa: E402
from diffusers.utils import load_image  # noqa: E402

imported = time.perf_counter()
parser = argparse.ArgumentParser()
parser.add_argument("--checkpoint", required=True)
parser.add_argument("--image", required=True)
parser.add_argument("--variant")
parser.add_argument("--arguments", type=json.loads, required=True, help="call arguments as JSON")
parser.add_argument("--threads", type=int, required=True)
args = parser.parse_args()
torch.set_num_threads(args.threads)
diffusers.utils.logging.disable_progress_bar()

pipeline = diffusers.StableVideoDiffusionPipeline.from_pretrained(
    args.checkpoint, variant=args.variant, torch_dtype=torch.float32
)
pipeline.set_progress_bar_config(disable=True)
loaded = time.perf_counter()
marks = []
frames = pipeline(
    load_image(args.image),
    generator=torch.Generator("cpu").manual_seed(0),
    callback_on_step_end=lambda _, step, timestep, tensors: marks.append(time.perf_counter()) or tensors,
    **args.arguments,
).frames[0]
done = time.perf_counter()
json.dump(
    {
        "importSeconds": imported - started,
        "loadSeconds": loaded - imported,
        "clipSeconds": done - loaded,
        "stepSeconds": [later - earlier for earlier, later in zip(marks, marks[1:])],
        "decodeSeconds": done - marks[-1],
        "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "frames": len(frames),
        "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
    },
    sys.stdout,
)
