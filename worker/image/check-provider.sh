#!/bin/sh
# check-provider.sh APP: fails unless the CUDA provider of APP is the very one that is pinned, of the version of APP's
# onnxruntime-node, and lies where that looks for it: beside libonnxruntime.so.1.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 APP" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cd "$1/node_modules/onnxruntime-node"
version=$(sed -n 's/^onnxruntime-gpu==\([^ ]*\).*/\1/p' "$here/onnxruntime-gpu.txt")

# Provider and runtime call each other's C++ by position: any other pair of versions crashes, or worse.
must_hold() {
  grep --quiet --text --fixed-strings "$1" "$2" || { echo "$2 is not of version $version" >&2; exit 1; }
}
must_hold "\"version\": \"$version\"" package.json
cd bin/napi-v6/linux/x64
must_hold "VERS_$version" libonnxruntime.so.1
must_hold "$version" libonnxruntime_providers_cuda.so
sha256sum --check --strict --quiet "$here/cuda-provider.sha256"
echo "CUDA provider $version"
