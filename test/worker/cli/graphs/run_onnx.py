"""Runs compiled graphs with Python's ONNX Runtime: python run_onnx.py FOLDER, inputs and outputs as raw float32.

FOLDER/order.json: {"graphs": [{"model", "inputs": {name: shape}}]}; inputs are read from FOLDER/<model>.<n>.in,
outputs are written to FOLDER/<model>.<n>.out, n counting in the order of the model's own inputs and outputs.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
for graph in json.loads((folder / "order.json").read_text())["graphs"]:
    model = pathlib.Path(graph["model"])
    onnx.checker.check_model(str(model))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    feeds = {}
    for n, value in enumerate(session.get_inputs()):
        raw = numpy.fromfile(folder / f"{model.name}.{n}.in", dtype=numpy.float32)
        feeds[value.name] = raw.reshape(value.shape)
    for n, result in enumerate(session.run(None, feeds)):
        result.astype(numpy.float32).tofile(folder / f"{model.name}.{n}.out")
print(onnx.__version__, onnxruntime.__version__)
