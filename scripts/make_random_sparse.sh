#!/bin/sh
# Makes a sparse folder of random masks and routers from a dense model folder, without training, for timing only:
#   scripts/make_random_sparse.sh DENSE OUT [EXPERTS [SHARE [SHARED [LAYOUT]]]]
# EXPERTS of each layer (32), one a token; SHARE of the neurons that each has (0.5); SHARED of the neurons, that all have
# (0); LAYOUT runs or copied (runs). Weights in 8 or 4 bits: mom quantise OUT.
set -eu
[ $# -ge 2 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")/.." && pwd)
"$home/mom" --version >&2 # builds what is out of date, with the classes of the tests
JAVA_HOME=$("$home/scripts/jdk25")
exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  -cp "$home/lab/target/test-classes:$home/lab/target/lib/*:$home/lab/target/mom-lab.jar" \
  org.mixtureofmasks.compile.RandomSparse "$1" "$2" "${3:-32}" "${4:-0.5}" "${5:-0}" "${6:-runs}"
