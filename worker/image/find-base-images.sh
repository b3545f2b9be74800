#!/bin/sh
# find-base-images.sh [DOCKERFILE]: says whether the images that DOCKERFILE is made of by default are in their registry.
#
# Prints each with its digest. Fails where one is gone, or where NVIDIA has a later point release, because it then deletes
# the earlier one. Asks the registry by Docker's own client, with its proxies and credentials; pulls nothing.
set -eu
dockerfile=${1:-worker/Dockerfile}
status=0
digest_of() { docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; }

images=$(sed --quiet 's/^ARG [A-Z]*_IMAGE=//p' "$dockerfile")
[ -n "$images" ] || { echo "$dockerfile: has no ARG whose name ends with _IMAGE" >&2; exit 2; }
for image in $images; do
  if digest=$(digest_of "$image"); then
    echo "$image@$digest"
  else
    echo "$image: not in its registry any more, or the registry did not answer; choose a later tag in $dockerfile" >&2
    status=1
  fi
  # nvidia/cuda:13.0.3-cudnn-…: the next one is 13.0.4.
  release=$(echo "$image" | sed --quiet 's/^nvidia\/cuda:\([0-9]*\.[0-9]*\.[0-9]*\)-.*$/\1/p')
  [ -n "$release" ] || continue
  next="${release%.*}.$((${release##*.} + 1))"
  later="nvidia/cuda:$next-${image#*-}"
  if digest_of "$later" > /dev/null 2>&1; then
    echo "$image: superseded by $later; NVIDIA deletes superseded tags" >&2
    status=1
  fi
done
exit "$status"
