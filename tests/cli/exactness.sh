#!/bin/sh
# SPDX-License-Identifier: MIT
# Same weights to the last bit: for any number of threads, and after any interruption. exactness.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
"$BUILD/tests/cli/make_tiny_cifar" data 600 # 2,800 training images: 88 steps an epoch, the last of 16 images

# train NAME FLAGS...: the same training each time, but for what does not count. start NAME FLAGS...: in the background.
train() {
    name=$1
    shift
    ocellus train --data-path data --held-out 200 --epochs 3 --run "$name" --quiet "$@"
}
start() {
    name=$1
    shift
    ocellus train --data-path data --held-out 200 --epochs 3 --run "$name" --quiet "$@" >"$scratch/output" 2>&1 &
    pid=$!
}

for threads in 1 2 3 5; do expect 0 train "threads-$threads" --threads $threads; done
for threads in 2 3 5; do same_weights threads-1 "threads-$threads"; done
expect 0 train other-seed --seed 2
[ "$(weights_of other-seed)" != "$(weights_of threads-1)" ] || die "another seed gave the same weights"
echo "ok   1, 2, 3 and 5 threads give the same weights"

# interrupt NAME SIGNAL STEP CODE: sends the signal once the checkpoint of STEP (a pattern) is there; then resumes on another
# number of threads. Nothing holds the training up, so that it may be over before the signal comes: then it is tried again.
interrupt() {
    attempt=0
    code=0
    until [ $code -eq "$4" ] && [ -z "$(weights_of "$1")" ]; do
        attempt=$((attempt + 1))
        [ $attempt -le 5 ] || die "$1: exit code $code after $2 (expected $4): $(cat "$scratch/output")"
        rm -rf "$1"
        start "$1" --checkpoint-every 5
        until grep -q "\"checkpoint\", \"step\": $3[,}]" "$1/metrics.jsonl" 2>/dev/null ||
            grep -q '"end"' "$1/metrics.jsonl" 2>/dev/null; do
            sleep 0.01
        done
        kill "-$2" $pid 2>/dev/null || :
        code=0
        wait $pid || code=$?
    done
    expect 0 ocellus train --resume --run "$1" --threads 1 --quiet
    grep -q '"kind": "resume"' "$1/metrics.jsonl" || die "$1: did not resume"
    same_weights threads-1 "$1"
    [ "$(cut -d, -f1-6 "$1/history.csv")" = "$(cut -d, -f1-6 threads-1/history.csv)" ] || die "$1: another history"
    echo "ok   $1 in the middle of an epoch, then resumed: the same weights"
}
interrupt sigkill KILL '20' 137
interrupt sigkill-in-epoch-2 KILL '1[0-3].' 137
interrupt sigint INT '20' 130
interrupt sigterm TERM '30' 143

# From what is known, with a beginning that is frozen at first and fixed views: on the pictures, on features that are made, and
# found; and killed in the second stage.
transfer() {
    verb=$1
    run=$2
    shift 2
    "$verb" "$run" "$@" --weights threads-1 --freeze 'conv*,batch*' --unfreeze '1:*_2' --flip 0.5 --views 2
}
expect 0 transfer train live --threads 1
expect 0 transfer train made --features cached --threads 3
expect 0 transfer train found --features cached --threads 2
transfer start killed --features cached --checkpoint-every 5
until grep -q '"checkpoint", "step": 1[0-9].[,}]' killed/metrics.jsonl 2>/dev/null || ! kill -0 $pid 2>/dev/null; do
    sleep 0.01
done
kill -KILL $pid 2>/dev/null || :
wait $pid || :
expect 0 ocellus train --resume --run killed --threads 1 --quiet
for name in made found killed; do same_weights live "$name"; done
[ "$(weights_of live)" != "$(weights_of threads-1)" ] || die "nothing was trained"
[ "$(find "$XDG_CACHE_HOME/ocellus/features" -name '*.features' | wc -l)" -eq 4 ] || die "features: other files than of 2 stages"
echo "ok   frozen beginnings: on pictures and on features, in two stages: the same weights"

# A run that a live process holds is left alone.
start held --epochs 50
until [ -s held/metrics.jsonl ]; do sleep 0.01; done
expect 6 ocellus train --resume --run held
kill -KILL $pid
wait $pid || :
echo "ok   a run in use is refused"
