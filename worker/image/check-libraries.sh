#!/bin/sh
# check-libraries.sh APP: fails, and names them, if there are libraries that the CUDA provider of APP needs and the
# system's loader does not find. Nothing is said about a GPU: the driver's own library comes with the driver.
#
#   library                             NVIDIA's package    who opens it
#   libcudart.so.13                     cuda-cudart-13-0    the provider
#   libcublas.so.13, libcublasLt.so.13  libcublas-13-0      the provider
#   libcurand.so.10                     libcurand-13-0      the provider
#   libcudnn.so.9                       libcudnn9-cuda-13   the provider, when a session is made
#   libnvrtc.so.13                      cuda-nvrtc-13-0     cuDNN, when it compiles a kernel
#   libcuda.so.1                        (the driver, from 580 on; it is put in place when a container starts)
#
# All but the last are in the images nvidia/cuda:13.0.*-cudnn-runtime-*.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 APP" >&2; exit 2; }
provider=$1/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so
opened_later='libcudnn.so.9 libnvrtc.so.13'
[ -r "$provider" ] || { echo "$provider cannot be read" >&2; exit 1; }

# The loader itself tells; what is opened later is preloaded here, so that it is looked for in the same places. Without
# a driver, as where images are built, something is always missing, and it ends with an error.
found=$(LD_TRACE_LOADED_OBJECTS=1 /lib64/ld-linux-x86-64.so.2 --preload "$opened_later" "$provider" 2>&1 || true)
missing=$(echo "$found" |
  sed -n -e 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' \
    -e "s/.*object '\([^']*\)' from .* cannot be preloaded.*/\1/p" \
    -e "s/.*\(version .* not found\).*/\1/p" |
  sort -u | grep --line-regexp --invert-match --fixed-strings libcuda.so.1 || true)
if [ -n "$missing" ]; then
  echo 'the CUDA provider misses:' >&2
  echo "$missing" >&2
  exit 1
fi
echo 'the CUDA provider finds all its libraries but the driver'
