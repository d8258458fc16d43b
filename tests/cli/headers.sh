#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C and as C++. headers.sh BUILD
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
for header in "$SOURCE"/include/ocellus/*.h; do
    name=$(basename "$header")
    printf "#include <ocellus/%s>\nextern int alone;\n" "$name" >alone.c # version.h alone declares nothing
    cp alone.c alone.cpp
    cc -std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -I"$SOURCE/include" -fsyntax-only alone.c
    c++ -std=c++11 -pedantic -Wall -Wextra -Wconversion -Werror -I"$SOURCE/include" -fsyntax-only alone.cpp
    echo "ok   $name"
done
