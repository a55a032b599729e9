#!/bin/sh
# Builds the optional native library (native/, C) unless it is newer than its sources: scripts/build_native.sh [FILE].
# FILE is native/target/libmom.so unless given. $CC, gcc, clang or cc compiles it, the first of them that is there. Exit 3:
# there is none, or the library has no kernels for this machine.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$home/native/target/libmom.so}
case "$(uname -s)-$(uname -m)" in
Linux-x86_64 | Linux-amd64) ;;
*)
  echo "build_native: the library has kernels for Linux on x86-64; here the Java kernels compute" >&2
  exit 3
  ;;
esac
if [ -f "$out" ] && [ -z "$(find "$home"/native/*.[ch] "$0" -newer "$out" -print -quit)" ]; then
  exit 0
fi
cc=
for name in "${CC:-gcc}" gcc clang cc; do
  if command -v "$name" >/dev/null 2>&1; then
    cc=$name
    break
  fi
done
if [ -z "$cc" ]; then
  echo "build_native: no C compiler: install gcc or clang (apt install gcc), or set CC to one" >&2
  exit 3
fi
folder=$(dirname "$out")
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
# No contraction: a product and a sum become one rounding only where the Java kernels ask for it.
flags="-std=gnu11 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -Wall -Wextra"
narrow="-mavx2 -mfma -mf16c"
cd "$home/native"
# shellcheck disable=SC2086 # lists of words
{
  $cc $flags $narrow -DBITS=256 -c kernels.c -o "$work/256.o" &
  narrow_job=$!
  $cc $flags $narrow -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512 -DBITS=512 -c kernels.c -o "$work/512.o"
  $cc $flags -c mom.c -o "$work/mom.o"
  wait $narrow_job
  $cc -shared -o "$work/lib.so" "$work/256.o" "$work/512.o" "$work/mom.o"
}
mv -f "$work/lib.so" "$folder/$(basename "$out")"
