# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What the test scripts of this folder share; read with ". environment.sh". $1 of the script is the build folder.
set -eu
BUILD=$(cd "$1" && pwd)
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
finish() { rm -rf "$scratch"; }
trap finish EXIT
trap 'exit 1' HUP INT TERM
PATH=$BUILD:$PATH
XDG_CACHE_HOME=$scratch/cache
HOME=$scratch/home
mkdir "$HOME"
export BUILD SOURCE PATH XDG_CACHE_HOME HOME LC_ALL=C TERM=dumb NO_COLOR=1
unset OCELLUS_CPU || :
cd "$scratch"

die() {
    echo "$0: $*" >&2
    exit 1
}

# expect CODE COMMAND...: runs it quietly; its exit code must be CODE.
expect() {
    wanted=$1
    shift
    code=0
    "$@" >"$scratch/output" 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || {
        cat "$scratch/output" >&2
        die "exit code $code (expected $wanted): $*"
    }
}

# The hash of a run's final weights.
weights_of() { sed -n 's/.*"kind": "end".*"weights_sha256": "\([0-9a-f]*\)".*/\1/p' "$1/metrics.jsonl" | tail -n 1; }
same_weights() {
    [ -n "$(weights_of "$1")" ] || die "$1 has no final weights"
    [ "$(weights_of "$1")" = "$(weights_of "$2")" ] || die "$1 and $2 differ: $(weights_of "$1") $(weights_of "$2")"
}
