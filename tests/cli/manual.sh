#!/bin/sh
# SPDX-License-Identifier: MIT
# The man page lists the verbs as --help does, and the exit codes that there are; man finds no fault in it. manual.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
page=$SOURCE/docs/ocellus.1

ocellus --help | sed -n 's/^  \([a-z]*\) *\([a-z].*\)/\1: \2/p' >verbs
sed -n '/^\.It Cm /{s/^\.It Cm //;N;s/\n/: /;p;}' "$page" >listed
[ "$(wc -l <verbs)" -gt 5 ] || die "--help lists no verbs"
# What stands after a second colon is more than the page says.
sed 's/^\([a-z]*: [^:]*\): .*/\1/' verbs >expected
sed 's/^\([a-z]*: [^:]*\): .*/\1/' listed | diff expected - || die "the man page (>) and --help (<) list different verbs"

sed -n 's/^ *OCELLUS_[A-Z_]* = \([0-9]*\).*/\1/p' "$SOURCE/include/ocellus/status.h" >codes
sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It //p' "$page" | sed 's/ , /\n/g' | diff codes - ||
    die "the man page (>) and status.h (<) list different exit codes"

if command -v man >/dev/null 2>&1; then
    man --warnings -E UTF-8 -l "$page" >shown 2>faults || die "man cannot show it"
    [ ! -s faults ] || die "man says: $(cat faults)"
fi
echo "ok   $(wc -l <verbs) verbs, $(wc -l <codes) exit codes"
