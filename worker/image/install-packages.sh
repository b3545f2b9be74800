#!/bin/sh
# install-packages.sh APP: installs the npm packages of APP/package.json, as far as a worker needs them, for Linux on
# x86-64 with glibc, whatever this machine is.
#
# npm takes them from the registry that it is set up for. No package's install script is run: onnxruntime-node's would
# download other CUDA libraries than fetch-cuda-provider.ts takes, and no other package needs one.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 APP" >&2; exit 2; }
cd "$1"
# onnxruntime-node is a dev dependency, because the npm package of this project has files of it in place of a dependency.
version=$(npm pkg get devDependencies.onnxruntime-node | tr -d '"')
npm pkg delete devDependencies.onnxruntime-node
npm pkg set "dependencies.onnxruntime-node=$version"
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu=x64 --libc=glibc

# The distribution's ffmpeg is used, which gets its security updates; FFMPEG_PATH says where it is.
rm -rf node_modules/@ffmpeg-installer
# Runtimes of other systems, 240 MB.
find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path '*/linux/x64' -exec rm -rf {} +
find node_modules/onnxruntime-node/bin -type d -empty -delete
# A peer of a peer, for types alone.
rm -rf node_modules/typescript node_modules/.bin
