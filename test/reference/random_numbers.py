"""Goldens of PyTorch's CPU generator: short streams as numbers, long ones as the SHA-256 of their float32 bytes.

The reference ran its AVX2 kernels (also taken on CPUs with AVX-512); without AVX2 PyTorch itself gives other last bits.
"""

import hashlib

import torch

from golden_file import write_golden

SEEDS = [0, 1, 42, 2**32 + 5, 2**63 - 1, 2**64 - 1, -1, -(2**63)]
COUNTS = [1, 2, 3, 15, 16, 17, 100, 1000]
LONG_COUNTS = {"float32": 3 * 576 * 1024, "float16": 25 * 4 * 72 * 128 + 5}
# One generator, draws of all kinds one after the other: short ones keep a number back for the next short one.
SEQUENCE = [
    ["float32", 3], ["float32", 17], ["float32", 2], ["float16", 15], ["rand", 5], ["float16", 33], ["float32", 5],
    ["float16", 1], ["float32", 48], ["float16", 16], ["float32", 7],
]
SEQUENCE_SEED = 123456789
# Each of these draws is one SHA-256: its numbers, then those of the draws after it, which see what it left behind.
SWEEP_SEED = 987654321
SWEEP_COUNTS = [*range(1, 41), 48, 63, 64, 65, 1023, 1024, 1025, 16_384, 16_385, 16_399]
AFTER_SWEEP = [["float32", 3], ["float16", 3], ["float32", 17]]


def draw(kind, count, generator):
    if kind == "rand":
        return torch.rand(count, generator=generator)
    return torch.randn(count, generator=generator, dtype=getattr(torch, kind)).float()


def seeded(seed):
    return torch.Generator("cpu").manual_seed(seed)


def sha256_of(*draws):
    return hashlib.sha256(b"".join(numbers.numpy().tobytes() for numbers in draws)).hexdigest()


def sweep():
    digests = {}
    for kind in ("float32", "float16"):
        for count in SWEEP_COUNTS:
            generator = seeded(SWEEP_SEED)
            digests[f"{kind}/{count}"] = sha256_of(*(draw(*each, generator) for each in [[kind, count], *AFTER_SWEEP]))
    return digests


def main():
    assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    tensors = {}
    for seed in SEEDS:
        for kind in ("float32", "float16"):
            for count in COUNTS if seed == 42 else COUNTS[:-1]:
                tensors[f"{kind}/{seed}/{count}"] = draw(kind, count, seeded(seed))
        tensors[f"rand/{seed}/20"] = draw("rand", 20, seeded(seed))
    generator = seeded(SEQUENCE_SEED)
    tensors["sequence"] = torch.cat([draw(kind, count, generator) for kind, count in SEQUENCE])
    digests = {
        kind: {"count": count, "sha256": sha256_of(draw(kind, count, seeded(42)))}
        for kind, count in LONG_COUNTS.items()
    }
    write_golden(
        "random", "random_numbers.py", tensors, "equal bits", cpu_capability=torch.backends.cpu.get_cpu_capability(),
        long_streams_of_seed_42=digests, sequence=SEQUENCE, sweep=sweep(), after_sweep=AFTER_SWEEP,
        seed=f"in each key; sequence: {SEQUENCE_SEED}; sweep: {SWEEP_SEED}",
    )


if __name__ == "__main__":
    main()
