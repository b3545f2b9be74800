#!/bin/sh
# prepare-system.sh FFMPEG_VERSION: installs the distribution's ffmpeg, and makes the worker's user and its two folders.
#
# FFMPEG_VERSION is epoch, major and minor, as 7:6.1. A release of the distribution keeps those for good; what comes
# after them are security updates.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FFMPEG_VERSION" >&2; exit 2; }
apt-get update
apt-get install --yes --no-install-recommends "ffmpeg=$1.*"
# Mesa's drivers and LLVM, 160 MB, draw to a display, through a library that ffmpeg loads for its window alone.
dpkg-query --show --showformat='${Package}\n' |
  grep --extended-regexp '^(libgl1-mesa-dri|mesa-libgallium|libllvm[0-9.]+|libz3-4)$' |
  xargs --no-run-if-empty dpkg --purge --force-depends
rm -rf /var/lib/apt/lists/*

groupadd --gid 10001 svd
useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /var/lib/svd \
  --shell /usr/sbin/nologin svd
install --directory --owner=svd --group=svd --mode=700 /var/cache/svd /var/lib/svd
