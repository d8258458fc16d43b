#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk that fills up while a training saves: one line, exit code 4, nothing lost. full_disk.sh BUILD
# Needs to mount a small tmpfs: as root, or in a user namespace of its own; elsewhere it is skipped (77).
if [ "${2:-}" != mounted ]; then
    for way in "unshare --mount" "unshare --user --map-root-user --mount"; do
        # shellcheck disable=SC2086 # a command and its flags
        if $way sh -c 'mount -t tmpfs -o size=64k none /mnt' 2>/dev/null; then exec $way "$0" "$1" mounted; fi
    done
    echo "skipped: no tmpfs can be mounted here"
    exit 77
fi
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
"$BUILD/tests/cli/make_tiny_cifar" data 100
mkdir small
mount -t tmpfs -o size=8m none small
finish() {
    umount small 2>/dev/null
    rm -rf "$scratch"
}
train() { ocellus train --data-path data --held-out 100 --quiet "$@"; }
expect 0 train --epochs 2 --run uninterrupted

expect 0 train --epochs 1 --run small/run
sha256sum small/run/*.safetensors small/run/checkpoint/* >before
cp small/run/history.csv history-before
# fill KEPT: so that only that many bytes are left.
fill() {
    rm -f small/filler
    left=$(($(stat -f -c '%a * %S' small)))
    head -c $((left - $1)) /dev/zero >small/filler
}
for kept in 0 262144; do # nothing fits; the log fits, a checkpoint does not
    fill $kept
    expect 4 ocellus train --resume --run small/run --epochs 2 --quiet
    [ "$(wc -l <output)" -eq 1 ] || die "more than one line: $(cat output)"
    grep -q 'No space left on device' output || die "the reason is not said: $(cat output)"
    sha256sum --quiet -c before || die "a full disk damaged what was saved"
    head -n 2 small/run/history.csv | cmp - history-before || die "a full disk damaged the history"
    left_over=$(find small/run -type f -name '.*')
    [ -z "$left_over" ] || die "a temporary file was left: $left_over"
    echo "ok   $kept bytes left: $(cat output)"
done

rm small/filler
expect 0 ocellus train --resume --run small/run --epochs 2 --quiet
same_weights uninterrupted small/run
echo "ok   with room again the run goes on to the same weights"

# Pictures sorted onto a full disk: what was sorted stays, nothing half is left, no more is tried.
cp "$SOURCE/tests/golden/photographs/cat.png" cat.png
fill 0
expect 4 ocellus predict uninterrupted cat.png cat.png --sort small/sorted --csv
[ "$(grep -c 'No space left on device' output)" -eq 1 ] || die "not one line: $(cat output)"
left_over=$(find small/sorted -type f 2>/dev/null || :)
[ -z "$left_over" ] || die "a part of a copy was left: $left_over"
rm small/filler
expect 0 ocellus predict uninterrupted cat.png cat.png --sort small/sorted --csv
[ "$(find small/sorted -type f | wc -l)" -eq 2 ] || die "not two copies"
echo "ok   pictures are sorted where there is room"
