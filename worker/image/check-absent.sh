#!/bin/sh
# check-absent.sh: fails if there is a program that only installing needed: Python, a package manager, a compiler.
set -eu
status=0
for name in python python2 python3 pip pip3 npm npx corepack yarn cc gcc; do
  if found=$(command -v "$name"); then
    echo "$found has no business in the image" >&2
    status=1
  fi
done
exit "$status"
