#!/bin/sh
# SPDX-License-Identifier: MIT
# How long many small files take to be looked at, the first time and the next, and how much memory: bench/survey.sh JOBS [FILES].
# Makes FILES (200,000) copies of 2,000 photographs of CIFAR-10's pictures (`ocellus data fetch cifar10` first) in a temporary folder:
# about 2 GB.
set -eu
cd "$(dirname "$0")/.."
scripts/build release "$1" -DOCELLUS_TESTS=ON >/dev/null
files=${2:-200000}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
build/release/tests/tools/make_photographs "$scratch" --learn 2000 --judge 0 >/dev/null
copy=1
while [ $((copy * 2000)) -lt "$files" ]; do
    for class in "$scratch"/learn/*; do
        mkdir "$class/copy-$copy"
        cp "$class"/photo-* "$class/copy-$copy"
    done
    copy=$((copy + 1))
done
find "$scratch/learn" -type f -exec touch -d 2020-01-01 {} +
for time in first next; do
    echo "$time: $(XDG_CACHE_HOME=$scratch/cache /usr/bin/time -f '%e s, %M KB' build/release/ocellus train simcnn --data folder \
        --data-path "$scratch/learn" --input-size 32 --epochs 1 --steps-per-epoch 1 --validation-steps 1 --memory 50M \
        --run "$scratch/run-$time" 2>&1 >/dev/null | tail -1)"
done
