#!/bin/sh
# SPDX-License-Identifier: MIT
# What features of ResNet50 at 224 x 224 cost, and epochs on them: bench/features.sh JOBS [PICTURES]. Makes photographs of CIFAR-10's
# pictures (`ocellus data fetch cifar10` and `ocellus data fetch resnet50` first) in a temporary folder, with its own cache of
# features: 2 GB. Run it on a machine that does nothing else.
set -eu
cd "$(dirname "$0")/.."
scripts/build release "$1" -DOCELLUS_TESTS=ON >/dev/null
pictures=${2:-2000}
root=$PWD
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ocellus
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
"$root/build/release/tests/tools/make_photographs" "$scratch/photographs" --learn "$pictures" --judge 1 >/dev/null
mkdir -p "$scratch/cache/ocellus"
ln -s "$cache/cifar10" "$cache/resnet50" "$scratch/cache/ocellus/"
export XDG_CACHE_HOME="$scratch/cache"
measure() {
    echo "$1:"
    "$root/build/release/ocellus" train resnet50 --data folder --data-path "$scratch/photographs/learn" --validation none \
        --input-size 224 --weights imagenet --features cached --epochs 2 --run "$scratch/$1" --freeze "$2" 2>&1 |
        grep -E '^features( of|:)|^epoch [0-9]+/[0-9]+:'
}
measure head 'conv*'
measure last-stage 'conv[1-4]*, *_bn'
