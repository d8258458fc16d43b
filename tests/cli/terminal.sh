#!/bin/sh
# SPDX-License-Identifier: MIT
# What a terminal gets: nothing wider than it is, nothing from a file that could move its cursor, no colour where none was
# asked for. script(1) makes the terminals. terminal.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
PATH=$BUILD/tests/cli:$PATH
command -v script >/dev/null || {
    echo "skipped: there is no script(1)"
    exit 77
}
esc=$(printf '\033')

# The widest line of stdin in columns: continuation bytes of UTF-8 take none; a carriage return begins a line anew.
widest() { tr '\r' '\n' | sed "s/$esc\\[[0-9;]*[mK]//g" | tr -d '\200-\277' | awk 'length > most { most = length } END { print most + 0 }'; }
# narrow COLUMNS FILE: nothing in it is wider.
narrow() {
    [ "$(widest <"$2")" -le "$1" ] || {
        cat "$2" >&2
        die "wider than $1 columns: $(widest <"$2")"
    }
}
# harmless FILE: no control characters but line breaks, no C1 controls, separators, changes of direction.
harmless() {
    ! grep -naP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$1" | cat -v | grep . ||
        die "control characters in $1"
}
# on_terminal COLUMNS COMMAND: its output as a terminal of that width gets it, in the file `seen`.
on_terminal() {
    script -qec "stty cols $1; $2" /dev/null </dev/null >seen 2>&1 || die "failed at $1 columns: $2"
}

"$BUILD/tests/cli/make_tiny_cifar" data 100
for verb in "" data "data fetch" "data show" summary train evaluate predict report reproduce runs info bench; do
    # shellcheck disable=SC2086 # one or two words
    ocellus $verb --help >out
    narrow 80 out
done

# Tables, also with long paths and names.
long=runs/$(printf '%070d' 0)
ocellus train --data-path data --held-out 100 --epochs 1 --run "$long" --quiet >out
ocellus runs >out
grep -q "^$long\$" out || die "runs does not show the long path"
grep -v "^$long\$" out >table
[ "$(wc -l <table)" -eq 2 ] || die "runs breaks its columns"
narrow 80 table
ocellus evaluate "$long" --quiet >out
narrow 80 out
ocellus bench simcnn --layers --batch-size 2 --seconds 0.01 >out
narrow 80 out
ocellus bench simcnn --layers --inference --batch-size 2 --seconds 0.01 >out
narrow 80 out

ocellus data show cifar10 --data-path data --out pictures >out 2>/dev/null
narrow 80 out

# An item of a list that is too long for the terminal stays an item.
for class in cat coffee; do
    mkdir -p listed/$class
    cp "$SOURCE/tests/golden/photographs/$class.png" listed/$class
done
echo text >"listed/cat/a picture with a name of many words.jpg"
on_terminal 60 "ocellus data show listed --out listed-figures"
tr -d '\r' <seen | grep -q "^  cat/a picture with" || die "an item of a list lost its place"
tr -d '\r' <seen | grep -q "^    .*(expected a PNG" || die "an item's second line is not below it"

# What files say.
make_hostile_model names "$long/last.safetensors" hostile.safetensors
cp "$SOURCE/tests/golden/photographs/cat.png" .
for command in "predict hostile.safetensors cat.png --top 10" "summary hostile.safetensors" "bench hostile.safetensors --seconds 0.01"; do
    for json in "" --json; do
        # shellcheck disable=SC2086
        ocellus $command $json >out 2>&1
        harmless out
        [ -z "$json" ] || json_get <out >/dev/null
    done
done
[ "$(ocellus predict hostile.safetensors cat.png --top 10 | wc -l)" -eq 1 ] || die "a class name fakes a line"
evil=$(printf 'e\033[2J\302\233x')
mkdir "$evil"
cp data/* "$evil"
ocellus train --data-path "$evil" --held-out 100 --epochs 1 --steps-per-epoch 1 --run "$evil/run" >out 2>&1
harmless out
ocellus train --resume --run "$evil/run" --epochs 2 >out 2>&1
harmless out
sed -i "s/^name = simcnn/name = ${esc}[31mred/" "$evil/run/recipe.ini"
sed -i 's/"started": "2/"started": "\\u001b[5m2/' "$evil/run/environment.json"
for json in "" --json; do
    # shellcheck disable=SC2086
    ocellus runs "$evil" $json >out 2>&1
    harmless out
    grep -q '31mred' out || die "runs does not list the run"
done

# A training on terminals of every width: no line wraps, so that a bar can be drawn over.
for columns in 14 20 30 40 54 80 120; do
    export TERM=xterm LC_ALL=C.UTF-8
    on_terminal $columns "exec ocellus train --data-path data --held-out 100 --epochs 2 --batch-size 4 --run tty$columns --verbose >/dev/null"
    sed -n '/Epoch 1/,$p' seen >epochs
    grep -q 'val_loss' epochs || die "a finished epoch does not tell everything"
    grep -v 'checkpoint\|[0-9a-f]\{64\}' epochs >bars || :
    narrow $columns bars
done

# No colour, no drawing where the terminal's kind is not known or says so.
for kind in "" dumb; do
    TERM=$kind
    on_terminal 80 "exec ocellus train --data-path data --held-out 100 --epochs 1 --run 'kind$kind'"
    ! grep -q "$esc" seen || die "TERM='$kind' gets escape sequences"
    narrow 80 seen
done
TERM=dumb
LC_ALL=C

# A stop that was asked for is no error.
ocellus train --data-path data --held-out 100 --epochs 1000 --batch-size 4 --run stopped --quiet >out 2>&1 &
pid=$!
while [ ! -s stopped/history.csv ]; do sleep 0.05; done
kill -INT $pid
code=0
wait $pid || code=$?
[ "$code" -eq 130 ] || die "exit code $code (expected 130)"
grep -q '^ocellus: stopped after step [0-9]*, saved' out || die "a stop is told as: $(cat out)"

# Without a home there is no cache, and everything else is told.
(
    unset HOME XDG_CACHE_HOME
    ocellus info >out
    grep -q '^kernels' out || die "info without HOME: $(cat out)"
    grep -q '^cifar10 .*no cache folder' out || die "info without HOME: $(cat out)"
    [ "$(ocellus info --json | json_get cifar10)" = null ] || die "info --json without HOME"
)
echo "ok   widths, escapes, colours"
