"""Writes the kernels of ONNX Runtime's CUDA and CPU providers, and the ops' schemas at opset 20, as JSON.

usage: sh stand-in/build.sh out/stand-in && LD_LIBRARY_PATH=out/stand-in python dump_kernels.py kernels-1.30.0.json

The Python has onnxruntime-gpu 1.30.0 and no GPU; the stand-in libraries let it load the CUDA provider. README.md says
what the fields mean.
"""

import json
import sys

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

OPSET = 20
DOMAINS = {"": "", "ai.onnx": "", "com.microsoft": "com.microsoft", "com.microsoft.nchwc": "com.microsoft.nchwc"}
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def plain(type_name):
    """`tensor(float16)` as `float16`; types of other kinds as they are."""
    return type_name[7:-1] if type_name.startswith("tensor(") and type_name.count("(") == 1 else type_name


def merged(kernels):
    """Kernels that differ in the types of one parameter alone, as one that has all these types."""
    kernels = list(kernels)
    changed = True
    while changed:
        changed = False
        for i, (first, last, types) in enumerate(kernels):
            for j, (other_first, other_last, other) in enumerate(kernels):
                if j <= i or (first, last) != (other_first, other_last) or types.keys() != other.keys():
                    continue
                differing = [name for name in types if types[name] != other[name]]
                if len(differing) > 1:
                    continue
                for name in differing:
                    types[name] = sorted({*types[name], *other[name]})
                del kernels[j]
                changed = True
                break
            if changed:
                break
    return sorted(kernels, key=lambda kernel: (kernel[0], kernel[1] or 10**9, json.dumps(kernel[2])))


def parameters(formal):
    """Name and type parameter of each, and whether it is the last of many."""
    return [[p.name, plain(p.typeStr), *(["variadic"] if p.option.name == "Variadic" else [])] for p in formal]


providers = {provider: {} for provider in PROVIDERS}
for kernel in state.get_all_opkernel_def():
    if kernel.provider not in PROVIDERS or kernel.domain not in DOMAINS:
        continue
    first, last = kernel.version_range
    types = {name: sorted(map(plain, names)) for name, names in sorted(kernel.type_constraints.items())}
    ops = providers[kernel.provider].setdefault(DOMAINS[kernel.domain], {})
    ops.setdefault(kernel.op_name, []).append([first, None if last >= 2**31 - 1 else last, types])
for domains in providers.values():
    for ops in domains.values():
        for op in ops:
            ops[op] = merged(ops[op])

schemas = {}
for schema in state.get_all_operator_schema():
    if schema.domain not in DOMAINS or schema.since_version > (OPSET if DOMAINS[schema.domain] == "" else 1):
        continue
    ops = schemas.setdefault(DOMAINS[schema.domain], {})
    if schema.name in ops and ops[schema.name]["since"] > schema.since_version:
        continue

    ops[schema.name] = {"since": schema.since_version, "inputs": parameters(schema.inputs), "outputs": parameters(schema.outputs)}


def lines(ops):
    return ",\n".join(f"{json.dumps(op)}:{json.dumps(ops[op], separators=(',', ':'))}" for op in sorted(ops))


def table(domains):
    return "{" + ",\n".join(f"{json.dumps(domain)}:{{\n{lines(domains[domain])}\n}}" for domain in sorted(domains)) + "}"


body = ",\n".join(f"{json.dumps(provider)}:{table(providers[provider])}" for provider in PROVIDERS)
version = json.dumps(onnxruntime.__version__)
text = f'{{"onnxruntime":{version},"opset":{OPSET},"schemas":{table(schemas)},\n"providers":{{{body}}}}}\n'
json.loads(text)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(text)
