"""Goldens of EulerDiscreteScheduler.set_timesteps with the configs of SVD, and of the guidance ramp."""

import torch
from diffusers import EulerDiscreteScheduler
from diffusers.schedulers import AysSchedules

from golden_file import write_golden

SVD = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", interpolation_type="linear",
    num_train_timesteps=1000, prediction_type="v_prediction", sigma_max=700.0, sigma_min=0.002, steps_offset=1,
    timestep_spacing="leading", timestep_type="continuous", trained_betas=None, use_karras_sigmas=True,
)
CONFIGS = {
    "svd": SVD,
    "final-sigma-min": {**SVD, "final_sigmas_type": "sigma_min"},
    "linspace": {**SVD, "timestep_spacing": "linspace", "sigma_max": 80.0, "sigma_min": 0.03},
}
# MKL's float32 logarithm, which the reference uses, is off by one unit in the last place now and then.
TOLERANCE = {"timesteps": {"absolute": 2**-23}, "others": "equal bits"}
# All step counts up to here, one after the other.
MOST_STEPS = 60
AYS = AysSchedules["StableDiffusionVideoSigmas"]
CUSTOM = {"align-your-steps": AYS, "ends-above-zero": [500.3, 20.7, 1.1, 0.002], "one-step": [14.6, 0.0]}
RAMPS = [[1.0, 3.0], [1.0, 1.5], [3.0, 1.0], [2.5, 2.5], [0.1, 7.3], [-1.7, 12.34]]
MOST_FRAMES = 40


def schedule(config, **arguments):
    scheduler = EulerDiscreteScheduler(**config)
    scheduler.set_timesteps(**arguments)
    return scheduler.sigmas, scheduler.timesteps, torch.as_tensor(scheduler.init_noise_sigma).reshape(1)


def main():
    tensors = {}
    for name, config in CONFIGS.items():
        parts = zip(*(schedule(config, num_inference_steps=steps) for steps in range(1, MOST_STEPS + 1)))
        for key, values in zip(("sigmas", "timesteps", "init_noise_sigma"), parts):
            tensors[f"{name}/{key}"] = torch.cat(values)
    for name, sigmas in CUSTOM.items():
        for key, values in zip(("sigmas", "timesteps", "init_noise_sigma"), schedule(SVD, sigmas=sigmas)):
            tensors[f"custom/{name}/{key}"] = values
    for i, (low, high) in enumerate(RAMPS):
        ramps = [torch.linspace(low, high, frames) for frames in range(1, MOST_FRAMES + 1)]
        tensors[f"ramp/{i}"] = torch.cat(ramps)
    configs = {name: dict(EulerDiscreteScheduler(**config).config) for name, config in CONFIGS.items()}
    write_golden(
        "scheduler", "scheduler.py", tensors, TOLERANCE, configs=configs, most_steps=MOST_STEPS, custom=CUSTOM,
        ramps=RAMPS, most_frames=MOST_FRAMES, seed="none",
    )


if __name__ == "__main__":
    main()
