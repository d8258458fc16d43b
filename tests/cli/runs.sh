#!/bin/sh
# SPDX-License-Identifier: MIT
# What a run bears: being ended at any moment, links and pipes among its files, another working folder. runs.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
"$BUILD/tests/cli/make_tiny_cifar" data 100
train() { ocellus train --data-path data --held-out 100 --steps-per-epoch 3 --epochs 2 --quiet "$@"; }
# kinds RUN: how many events of each kind that tells where a run begins and ends.
kinds() { sed -n 's/.*"kind": "\([a-z]*\)".*/\1/p' "$1/metrics.jsonl" | grep -c "^$2\$" || :; }
said() { grep -q "$1" output || die "not said: $1: $(cat output)"; }
expect 0 train --run whole
expect 0 ocellus evaluate whole --quiet
again() {
    rm -rf "$1"
    cp -r whole "$1"
}

# Ended before its recipe was written: what may lie there then is begun again.
mkdir early
: >early/.ocellus-1-0.tmp
expect 2 ocellus train --resume --run early --quiet
for file in lock train.log environment.json summary.txt; do
    cp whole/$file early/
    expect 0 train --run early --epochs 1
    [ "$(find early -name '.*.tmp')" = "" ] || die "a temporary file was left"
    expect 2 train --run early # not twice
    rm -rf early
    mkdir early
done
cp whole/lock early/
: >early/notes
expect 2 train --run early
[ -e early/notes ] || die "a file was removed"
echo "ok   what never began can be begun"

# Ended between the last checkpoint and the last event, and before the first event.
again no-end
sed -i '/"kind": "end"/d' no-end/metrics.jsonl
expect 0 ocellus train --resume --run no-end --quiet
same_weights whole no-end
expect 0 ocellus train --resume --run no-end --quiet
[ "$(kinds no-end end)" = 1 ] || die "no-end: $(kinds no-end end) ends"
again no-start
rm -r no-start/checkpoint
: >no-start/metrics.jsonl
expect 0 ocellus train --resume --run no-start --quiet
[ "$(kinds no-start start)" = 1 ] || die "no start"
grep '"start"' whole/metrics.jsonl | sed 's/.*"weights/weights/' >start
grep '"start"' no-start/metrics.jsonl | sed 's/.*"weights/weights/' | cmp - start
same_weights whole no-start
for key in '"kernels": "' '"threads": 2' '"epochs": 3' '"version": "'; do
    expect 0 ocellus train --resume --run no-start --epochs 3 --threads 2 --quiet
    grep '"kind": "resume"' no-start/metrics.jsonl | grep -q "$key" || die "resume does not tell $key"
done
# A run that was cut short is not ended by asking for less of it.
again part
sed -i '/"kind": "end"/d' part/metrics.jsonl
sed -i 's/^epochs = 2/epochs = 5/' part/recipe.ini
expect 0 ocellus train --resume --run part --epochs 1 --quiet
[ "$(kinds part end)" = 0 ] || die "ended by asking for less"
echo "ok   first and last event are there, once"

# Temporary files of saves that were killed; one whose writer lives stays.
again swept
for folder in . checkpoint figures; do
    mkdir -p swept/$folder
    echo x >swept/$folder/.ocellus-1-0.tmp
    mkdir swept/$folder/.ocellus-2-folder-0.tmp
    echo x >swept/$folder/.ocellus-2-folder-0.tmp/a.svg
done
echo x >swept/.ocellus-3-0.tmp
if command -v flock >/dev/null; then
    flock swept/.ocellus-3-0.tmp ocellus train --resume --run swept --quiet >output || die "not resumed"
    [ -e swept/.ocellus-3-0.tmp ] || die "a living writer's file was removed"
fi
expect 0 ocellus train --resume --run swept --quiet
[ "$(find swept -name '.*.tmp')" = "" ] || die "left: $(find swept -name '.*.tmp')"
echo "ok   leftovers of killed saves are removed"

# A run that came from elsewhere, with links and pipes for files: nothing outside of it is touched, and nothing waits.
sum() { find outside -type f -exec sha256sum {} + | sort; }
mkdir outside
for file in metrics.jsonl train.log lock recipe.ini history.csv data.json last.safetensors environment.json \
    evaluation.json predictions.csv summary.txt report.html; do
    echo precious >outside/$file
done
cp -r whole/checkpoint outside/
mkdir outside/figures
for name in loss accuracy confusion results class-distribution; do
    for ending in svg png csv gnuplot; do echo precious >"outside/figures/$name.$ending"; done
done
sum >before
for kind in -s ""; do
    for file in metrics.jsonl train.log lock; do
        again linked
        rm -f linked/$file
        ln $kind "$PWD/outside/$file" linked/$file
        ocellus train --resume --run linked --epochs 3 --quiet >output 2>&1 || :
        sum | cmp - before || die "written through $kind $file"
    done
done
# through FILE COMMAND...: the command meets a link of that name.
through() {
    again linked
    rm -rf "linked/$1"
    ln -s "$PWD/outside/$1" "linked/$1"
    shift
    "$@" >output 2>&1 && die "took a link: $*"
    sum | cmp - before || die "written through a link: $*"
}
cp outside/checkpoint/* outside/
sum >before
for file in checkpoint/a.safetensors checkpoint/b.safetensors; do
    again linked
    rm linked/$file
    ln -s "$PWD/outside/${file##*/}" linked/$file
    expect 2 ocellus train --resume --run linked --epochs 3 --quiet
    said "symbolic link"
done
for file in recipe.ini history.csv data.json last.safetensors checkpoint; do
    through $file ocellus train --resume --run linked --epochs 3 --quiet
done
for file in evaluation.json predictions.csv; do through $file ocellus evaluate linked --quiet; done
for file in environment.json summary.txt report.html figures; do through $file ocellus report linked; done
again linked
mkdir linked/figures
for name in loss accuracy confusion results class-distribution; do
    for ending in svg png csv gnuplot; do ln -s "$PWD/outside/figures/$name.$ending" "linked/figures/$name.$ending"; done
done
if command -v gnuplot >/dev/null; then
    expect 2 timeout 60 ocellus report linked
    said "symbolic link"
    rm linked/figures/*
    mkfifo linked/figures/class-distribution.svg
    expect 2 timeout 60 ocellus report linked
    said "pipe"
    rm linked/figures/*
    ln outside/figures/loss.svg linked/figures/loss.svg # replaced, not written into
    expect 0 ocellus report linked
fi
sum | cmp - before || die "a figure was written through a link"
for file in metrics.jsonl train.log lock recipe.ini history.csv data.json checkpoint/a.safetensors; do
    again piped
    rm -f piped/$file
    mkfifo piped/$file
    code=0
    timeout 20 ocellus train --resume --run piped --epochs 3 --quiet >output 2>&1 || code=$?
    [ $code -ne 124 ] || die "waits for $file"
done
mkfifo weights
expect 3 timeout 20 ocellus train --data-path data --held-out 100 --run from-pipe --weights weights
[ ! -e from-pipe ] || die "a run was begun"
echo "ok   nothing leads out of a run folder, nothing is waited for"

# Seen from elsewhere.
mkdir elsewhere
expect 0 ocellus train --data-path data --held-out 100 --steps-per-epoch 3 --epochs 1 --run moving --quiet \
    --weights whole/last.safetensors
cp whole/last.safetensors kept.safetensors
mv whole/last.safetensors gone.safetensors
(
    cd elsewhere
    expect 0 ocellus train --resume --run ../moving --epochs 2 --quiet # needs no weights any more
    expect 0 ocellus evaluate ../moving --quiet
    expect 0 ocellus evaluate ../moving --data-path ../data --quiet
    expect 0 ocellus train --resume --run ../moving --epochs 3 --quiet --data-path ../data
)
mv gone.safetensors whole/last.safetensors
expect 0 ocellus evaluate moving --quiet
rm -r moving/checkpoint # from the beginning, with the weights it was begun with
(cd elsewhere && expect 0 ocellus train --resume --run ../moving --quiet)
echo "ok   relative paths lead where they did when the run was begun"

# Names of their own within a second.
for i in 1 2 3; do
    ocellus train --data-path data --held-out 100 --steps-per-epoch 1 --epochs 1 --quiet >"name-$i" 2>&1 &
done
wait
[ "$(cat name-? | grep -c '^run ')" = 3 ] || die "not three runs: $(cat name-?)"
[ "$(cat name-? | sed -n 's/^run *//p' | sort -u | wc -l)" = 3 ] || die "two runs in one folder"
echo "ok   runs that begin together have names of their own"

# A quick look does not replace a whole result, and one that cannot be written is shown all the same.
cp whole/evaluation.json whole/predictions.csv .
expect 0 ocellus evaluate whole --test-images 20
said "20"
expect 0 ocellus evaluate whole --train-images 0
cmp evaluation.json whole/evaluation.json
cmp predictions.csv whole/predictions.csv
again quick
rm quick/evaluation.json
expect 0 ocellus evaluate quick --test-images 20 --quiet
expect 0 ocellus evaluate quick --quiet
cmp evaluation.json quick/evaluation.json # more replaces less
expect 0 ocellus train --resume --run quick --epochs 3 --quiet
expect 0 ocellus evaluate quick --test-images 20 --quiet
[ "$("$BUILD/tests/cli/json_get" splits test count <quick/evaluation.json)" = 20 ] || die "a result of weights that are gone was kept"
again unwritable
rm unwritable/evaluation.json
mkdir unwritable/evaluation.json
expect 2 ocellus evaluate unwritable
said "macro F1"
again unwritable
(
    trap '' XFSZ
    ulimit -f 0 # as a full disk
    ocellus evaluate unwritable 2>&1 || echo "code $?"
) | cat >output
said "macro F1"
said "code 4"
if command -v gnuplot >/dev/null; then # two files that do not belong together
    again pair
    expect 0 ocellus report pair
    sed -i '2s/,[01]\.[0-9]*$/,0.5/' pair/predictions.csv
    expect 3 ocellus report pair
    said "evaluation.json was written with"
fi
echo "ok   a result is shown, and kept"

# SIGHUP as SIGTERM; where it is ignored it stays so. Without standard streams no file takes their place.
start() {
    rm -rf "$1"
    ocellus train --data-path data --held-out 100 --epochs 200 --run "$1" --quiet >output 2>&1 &
    pid=$!
    until grep -q '"step"' "$1/metrics.jsonl" 2>/dev/null; do sleep 0.02; done
    kill -HUP $pid
}
start hangup
code=0
wait $pid || code=$?
[ $code -eq 129 ] || die "hangup: exit code $code: $(cat output)"
grep -q '"kind": "stop"' hangup/metrics.jsonl || die "hangup: nothing was saved"
(
    trap '' HUP
    start ignored
    sleep 0.2
    kill -0 $pid || die "SIGHUP was not ignored: $(cat output)"
    kill -TERM $pid
    code=0
    wait $pid || code=$?
    [ $code -eq 143 ] || die "ignored: exit code $code: $(cat output)"
)
expect 0 sh -c 'exec ocellus train --data-path data --held-out 100 --steps-per-epoch 3 --epochs 2 --run closed \
    <&- >&- 2>&-'
same_weights whole closed
grep -qv '^{' closed/metrics.jsonl && die "the log lies in metrics.jsonl"
echo "ok   signals, and no standard streams"
