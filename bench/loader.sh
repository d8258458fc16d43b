#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether pictures come as fast as the network can take them: bench/loader.sh JOBS. Makes photographs of CIFAR-10's pictures
# (`ocellus data fetch cifar10` first) in a temporary folder: 500 MB and some minutes. Run it on a machine that does nothing else.
set -eu
cd "$(dirname "$0")/.."
scripts/build release "$1" -DOCELLUS_TESTS=ON -DOCELLUS_BENCH=ON >/dev/null
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
export XDG_CACHE_HOME
photographs=build/release/tests/tools/make_photographs
loader=build/release/bench/bench_loader
"$photographs" "$scratch/large" --learn 128 --judge 1 --large >/dev/null
"$photographs" "$scratch/small" --learn 2000 --judge 1 >/dev/null
echo "JPEGs of 12 megapixels:"
"$loader" photographs "$scratch/large/learn" resnet50 224 32 1 5
echo "small files:"
"$loader" photographs "$scratch/small/learn" resnet50 224 32 1 5
"$loader" photographs "$scratch/small/learn" simcnn 32 32 50 5
"$loader" augmented 300 15
