#!/bin/sh
# SPDX-License-Identifier: MIT
# `ocellus licences` names every library that the program is linked with, THIRD_PARTY.md says the same as it, and what the
# source contains is there. third_party.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
PATH=$BUILD/tests/cli:$PATH
ocellus licences --json >licences.json
value() { json_get "$@" <licences.json; }
page=$SOURCE/THIRD_PARTY.md

count=$(value parts)
count=${count% members}
i=0
: >named
: >rows
while [ "$i" -lt "$count" ]; do
    name=$(value parts "$i" name)
    echo "| $name | $(value parts "$i" licence) | $(value parts "$i" copyright) | $(value parts "$i" use) |" >>rows
    if [ "$(value parts "$i" kind)" = library ] && [ "$(value parts "$i" in_this_build)" = true ]; then
        value parts "$i" file >>named
    fi
    case $name in
    *.png) [ -f "$SOURCE/tests/golden/photographs/$name" ] || die "$name is not there" ;;
    esac
    i=$((i + 1))
done

# The page's rows, but for the heads of its tables.
sed -n -e '/^| name /d' -e '/^| /p' "$page" >page_rows
diff page_rows rows || die "THIRD_PARTY.md (<) and \`ocellus licences\` (>) say different things"

# The libraries, by the beginnings of their names: libpng16.so.16 is libpng. The C library, the loader and the sanitizers' own are
# the compiler's.
readelf -d "$BUILD/ocellus" | sed -n 's/.*(NEEDED).*\[\(lib[a-z0-9]*\)[._].*/\1/p' | sed 's/png16/png/' |
    grep -v -x -e libc -e libm -e libgcc -e libasan -e libubsan -e libtsan -e ld | sort >linked
sort named | diff linked - || die "linked with other libraries (<) than \`ocellus licences\` names (>)"

for picture in "$SOURCE"/tests/golden/photographs/*.png; do
    grep -q "^| $(basename "$picture") |" page_rows || die "$picture has no row"
done
echo "ok   $count parts"
