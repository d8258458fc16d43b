#!/bin/sh
# SPDX-License-Identifier: MIT
# Same weights to the last bit: for any number of threads, and after any interruption. exactness.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
"$BUILD/tests/cli/make_tiny_cifar" data 600 # 2,800 training images: 88 steps an epoch, the last of 16 images

# train NAME FLAGS...: the same training each time, but for what does not count. start NAME FLAGS...: in the background.
training="--data-path data --held-out 200 --epochs 3"
train() {
    name=$1
    shift
    # shellcheck disable=SC2086
    ocellus train $training --run "$name" --quiet "$@"
}
start() {
    name=$1
    shift
    # shellcheck disable=SC2086
    ocellus train $training --run "$name" --quiet "$@" >"$scratch/output" 2>&1 &
    pid=$!
}

for threads in 1 2 3 5; do expect 0 train "threads-$threads" --threads $threads; done
for threads in 2 3 5; do same_weights threads-1 "threads-$threads"; done
expect 0 train other-seed --seed 2
[ "$(weights_of other-seed)" != "$(weights_of threads-1)" ] || die "another seed gave the same weights"
echo "ok   1, 2, 3 and 5 threads give the same weights"

# interrupt NAME SIGNAL STEP CODE: sends the signal once the checkpoint of STEP (a pattern) is there; then resumes on another
# number of threads, to the weights of $whole. Nothing holds the training up, so that it may be over before the signal comes: then it is tried again.
interrupt() {
    attempt=0
    code=0
    until [ $code -eq "$4" ] && [ -z "$(weights_of "$1")" ]; do
        attempt=$((attempt + 1))
        [ $attempt -le 5 ] || die "$1: exit code $code after $2 (expected $4): $(cat "$scratch/output")"
        rm -rf "$1"
        start "$1" --checkpoint-every 5 --loader-threads $attempt
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
    same_weights $whole "$1"
    [ "$(cut -d, -f1-6 "$1/history.csv")" = "$(cut -d, -f1-6 $whole/history.csv)" ] || die "$1: another history"
    echo "ok   $1 in the middle of an epoch, then resumed: the same weights"
}
whole="threads-1"
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
until grep -q '"checkpoint", "step": 1[0-9].[,}]' killed/metrics.jsonl 2>/dev/null || ! kill -0 "$pid" 2>/dev/null; do
    sleep 0.01
done
kill -KILL "$pid" 2>/dev/null || :
wait "$pid" || :
expect 0 ocellus train --resume --run killed --threads 1 --quiet
for name in made found killed; do same_weights live "$name"; done
[ "$(weights_of live)" != "$(weights_of threads-1)" ] || die "nothing was trained"
[ "$(find "$XDG_CACHE_HOME/ocellus/features" -name '*.features' | wc -l)" -eq 4 ] || die "features: other files than of 2 stages"
echo "ok   frozen beginnings: on pictures and on features, in two stages: the same weights"

# A run that a live process holds is left alone.
start held --epochs 50
until [ -s held/metrics.jsonl ]; do sleep 0.01; done
expect 6 ocellus train --resume --run held
kill -KILL "$pid"
wait "$pid" || :
echo "ok   a run in use is refused"

# Photographs of any size and form, changed at random and mixed: nothing of how they are loaded counts.
"$BUILD/tests/tools/make_photographs" photos --batch data/data_batch_5.bin --learn 250 --judge 0 >/dev/null
training="--data folder --data-path photos/learn --input-size 32 --resize crop --jpeg-scaled true --flip 0.5
    --crop-padding 2 --trivial-augment true --mixup 0.2 --cutmix 1 --batch-size 12 --epochs 3"
expect 0 train photos-1 --threads 1 --loader-threads 0 --memory 1
expect 0 train photos-2 --threads 2 --loader-threads 1 --memory 1
expect 0 train photos-3 --threads 3 --loader-threads 4 --memory 4G
expect 0 train photos-4
expect 0 train photos-scaled --jpeg-scaled false
for run in 2 3 4; do same_weights photos-1 photos-$run; done
[ "$(weights_of photos-scaled)" != "$(weights_of photos-1)" ] || die "the scale of JPEG changed nothing"
whole="photos-1"
interrupt photos-killed KILL '2[05]' 137
expect 2 train photos-5 --memory much
expect 0 ocellus evaluate photos-1 --loader-threads 0 --memory 1
cp photos-1/predictions.csv predictions.csv
rm photos-1/evaluation.json
expect 0 ocellus evaluate photos-1 --loader-threads 4
cmp predictions.csv photos-1/predictions.csv || die "the threads of the loader changed predictions"
echo "ok   photographs: 1 to 3 threads, 0 to 4 of the loader, any memory, a kill: the same weights and predictions"
