#!/bin/sh
# fetch-cuda-provider.sh DIR: puts the libraries of ONNX Runtime's CUDA provider into DIR, with their licence.
#
# pip fetches the wheel, from the index that it is set up for, and checks it against onnxruntime-gpu.txt; the libraries
# in it are checked against cuda-provider.sha256. Nothing of the wheel is run, so any Python with pip will do; PYTHON
# names another than python3.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
if [ "$(uname -m)" != x86_64 ]; then
  echo "$0: the CUDA provider is for x86-64 alone; docker build wants --platform linux/amd64" >&2
  exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
  --platform manylinux_2_28_x86_64 --implementation cp --python-version 3.12 --abi cp312 \
  --dest "$work" --requirement "$here/onnxruntime-gpu.txt"
"$python" -m zipfile --extract "$work"/onnxruntime_gpu-*.whl "$work/wheel"

cd "$work/wheel/onnxruntime/capi"
sha256sum --check --strict --quiet "$here/cuda-provider.sha256"
while read -r _ library; do
  install -m 644 "$library" "$target"
done <"$here/cuda-provider.sha256"
install -m 644 ../LICENSE "$target/onnxruntime-gpu.LICENSE"
install -m 644 ../ThirdPartyNotices.txt "$target/onnxruntime-gpu.ThirdPartyNotices.txt"
