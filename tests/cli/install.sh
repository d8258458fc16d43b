#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs, then uses only what was installed: compiles the example against it, shared and static, with pkg-config and with
# CMake, also after the tree was moved, and trains some steps; the libraries show no symbols but their own. install.sh BUILD
# shellcheck disable=SC2031 # lines of the README are sourced in a subshell: they set nothing of ours
# shellcheck source=tests/cli/environment.sh
. "$(dirname "$0")/environment.sh"
prefix=$scratch/prefix
cmake --install "$BUILD" --prefix "$prefix" >/dev/null

# The lines of README's library section, as they stand there: with them alone a program is compiled, and finds its library.
(
    HOME=$scratch/reader
    mkdir -p "$HOME" read
    cp -a "$prefix" "$HOME/.local" # what its `make install` does
    cp "$SOURCE/examples/train_simcnn.c" read/program.c
    sed -n '/^## The library/,/^## [^T]/s/^    //p' "$SOURCE/README.md" | grep -v '^make install' >lines
    grep -q '^cc program.c ' lines || die "README does not say how a program is compiled"
    cd read
    # shellcheck disable=SC1091 # the lines
    . ../lines
    expect 4 ./program # no data is there; but its library is
)
pc=$(find "$prefix" -name ocellus.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

[ "$("$prefix/bin/ocellus" --version)" = "ocellus $(pkg-config --modversion ocellus)" ] || die "versions differ"
"$prefix/bin/ocellus" train --recipe simcnn-report --help >/dev/null
[ "$(wc -l <"$SOURCE/examples/train_simcnn.c")" -le 80 ] || die "the example has grown past 80 lines"
# shellcheck disable=SC2046 # flags are words
cc -std=c17 -Wall -Wextra -Werror "$SOURCE/examples/train_simcnn.c" $(pkg-config --cflags --libs ocellus) -o train_simcnn

"$BUILD/tests/cli/make_tiny_cifar" data 100
./train_simcnn 5 data >out 2>err
cat out
[ ! -s err ] || die "the library printed: $(cat err)"
grep -q '^test: [0-9]* of 100 right' out || die "no test line"
expect 0 "$prefix/bin/ocellus" summary simcnn.safetensors
expect 4 ./train_simcnn 5 nowhere

# A network whose output is not finite gives no probabilities.
"$BUILD/tests/cli/make_hostile_model" overflow simcnn.safetensors overflow.safetensors
cat >overflow.c <<'END'
#include <ocellus/ocellus.h>
int main(void) {
    static unsigned char pixels[2 * 32 * 32 * 3];
    float probabilities[2 * 10];
    ocellus_model *model;
    for (unsigned i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(i * 37);
    if (ocellus_model_load("overflow.safetensors", 0, &model) != OCELLUS_OK) return 1;
    ocellus_status status = ocellus_model_predict(model, pixels, 2, probabilities);
    ocellus_model_free(model);
    return status;
}
END
# shellcheck disable=SC2046 # flags are words
cc -std=c17 overflow.c $(pkg-config --cflags --libs ocellus) -o overflow
expect 5 ./overflow

# What a user of the library cannot reach is not linked.
needed=$(readelf -d "$LD_LIBRARY_PATH/libocellus.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
case $needed in
*hdf5* | *archive* | *curl*) die "the library needs $needed" ;;
*jansson*) ;;
*) die "readelf tells of no library that it needs: $needed" ;;
esac

# What is visible: of the shared library what the header declares, of the static one nothing else.
nm -D --defined-only "$LD_LIBRARY_PATH/libocellus.so" | awk '{ print $3 }' | sort >shared_names
nm -g --defined-only "$LD_LIBRARY_PATH/libocellus.a" | awk 'NF == 3 { print $3 }' | sort >static_names
grep -q '^ocellus_model_train$' shared_names || die "the library shows nothing"
foreign=$(grep -v '^ocellus_' shared_names || :)
[ -z "$foreign" ] || die "foreign symbols are visible: $foreign"
diff shared_names static_names || die "the static library shows other symbols than the shared one"

# Nothing that is shipped says where it was built.
if grep -q '^CMAKE_BUILD_TYPE:STRING=Release$' "$BUILD/CMakeCache.txt"; then
    for file in "$prefix/bin/ocellus" "$LD_LIBRARY_PATH"/libocellus.so "$LD_LIBRARY_PATH"/libocellus.a "$pc"; do
        ! grep -qF "$SOURCE/" "$file" || die "$file knows where it was built"
    done
fi

# The soname says which programs fit: MAJOR.MINOR while the major version is 0.
version=$(pkg-config --modversion ocellus)
case $version in
0.*) soname=libocellus.so.${version%.*} ;;
*) soname=libocellus.so.${version%%.*} ;;
esac
readelf -d "$LD_LIBRARY_PATH/libocellus.so" | grep -q "SONAME.*\[$soname\]" || die "the soname is not $soname"

# CMake finds both in a tree that was moved, and gives its programs the way to the shared one.
unset LD_LIBRARY_PATH
moved=$scratch/moved
mv "$prefix" "$moved"
PKG_CONFIG_PATH=$moved${PKG_CONFIG_PATH#"$prefix"}
mkdir user
cp "$SOURCE/examples/train_simcnn.c" user/program.c
cat >user/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(Ocellus ${version%.*} REQUIRED)
foreach(kind ocellus ocellus_static)
  add_executable(with_\${kind} program.c)
  target_link_libraries(with_\${kind} PRIVATE Ocellus::\${kind})
endforeach()
END
expect 0 cmake -S user -B user/build -DCMAKE_PREFIX_PATH="$moved"
expect 0 cmake --build user/build
sed -i "s/Ocellus ${version%.*}/Ocellus 0.0/" user/CMakeLists.txt
expect 1 cmake -S user -B user/other -DCMAKE_PREFIX_PATH="$moved"

# pkg-config too. Without the shared library there, -locellus is the static one.
find "$moved" -name 'libocellus.so*' -delete
# shellcheck disable=SC2046 # flags are words
cc -std=c17 user/program.c $(pkg-config --static --cflags --libs ocellus) -o with_pkg_config
rm -r "$moved"
sed -i 's/, [0-9.]* s$//' out # how long it took
for program in ./with_pkg_config user/build/with_ocellus_static; do
    "$program" 5 data | sed 's/, [0-9.]* s$//' >again
    diff out again || die "$program answers otherwise"
done
expect 127 user/build/with_ocellus 5 data # it was linked with the shared one, which is gone
echo "ok   installed, compiled against, run"
