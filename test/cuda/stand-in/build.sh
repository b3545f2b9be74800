#!/bin/sh
# build.sh DIR: builds the stand-in libraries and the addon that reports their counts into DIR. It needs gcc alone.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"

# The linker's options name the libraries' own folder, whatever its path will be.
# shellcheck disable=SC2016
compile() {
  ${CC:-gcc} -O1 -fPIC -shared -fvisibility=hidden -Wall -Wextra -I "$here" -Wl,-rpath,'$ORIGIN' "$@"
}

# The provider asks for versioned symbols, such as cudaMalloc@libcudart.so.13: each library has one version, its soname.
library() {
  soname=$1
  shift
  printf '%s { global: *; };\n' "$soname" >"$soname.map"
  compile -o "$soname" "$@" -Wl,-soname,"$soname" -Wl,--version-script="$soname.map" -lpthread -ldl
  rm "$soname.map"
}

library libcudart.so.13 "$here/counts.c" "$here/card.c" "$here/memory.c" "$here/launch.c" "$here/streams.c" \
  "$here/fail.c"
library libcublas.so.13 "$here/cublas.c" ./libcudart.so.13
library libcublasLt.so.13 "$here/cublaslt.c" ./libcudart.so.13
library libcurand.so.10 "$here/curand.c"
library libcudnn.so.9 "$here/cudnn.c" ./libcudart.so.13
compile -o libcuda.so.1 "$here/cuda.c" -Wl,-soname,libcuda.so.1 ./libcudart.so.13
# Opened by no graph of this project: `svd doctor` looks for them.
library libcufft.so.12 -x c /dev/null -x none
library libnvrtc.so.13 -x c /dev/null -x none
compile -o libnvinfer.so.10 "$here/nvinfer.c" -Wl,-soname,libnvinfer.so.10
compile -o libnvonnxparser.so.10 "$here/nvinfer.c" -Wl,-soname,libnvonnxparser.so.10
# All of them, though it calls only the first: see report.c.
compile -o report.node "$here/report.c" -Wl,--no-as-needed ./libcudart.so.13 ./libcublas.so.13 ./libcublasLt.so.13 \
  ./libcurand.so.10 ./libcudnn.so.9 ./libcuda.so.1
