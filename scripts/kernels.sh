#!/bin/sh
# Measures every kernel by JMH beside the read-only stream of the same run and names those below 0.8 of their committed
# ratio to it (exit 1): scripts/kernels.sh [--quick] [--commit] [--threads N] [--only REGEX]. A quarter of an hour, --quick
# three minutes, on a machine that does nothing else. The ratios are those of docs/benchmarks/kernels.json, by CPU.
set -eu
cd "$(dirname "$0")/.."
JAVA_HOME=$(scripts/jdk25)
export JAVA_HOME
path=eval/target/benchmarks.classpath
if [ ! -f $path ] || [ -n "$(find pom.xml core/pom.xml eval/pom.xml core/src eval/src -newer $path -type f -print -quit)" ]; then
  mkdir -p target && touch target/quick # see ./verify
  ./mvnw -B -q -ntp -Dquick -DskipTests -pl eval -am package dependency:build-classpath -Dmdep.includeScope=test \
    "-Dmdep.outputFile=target/benchmarks.classpath" >&2
fi
# Where there is a C compiler, the kernels of the native library are rows beside Java's.
native=native/target/libmom.so
said=$(scripts/build_native.sh $native 2>&1) || {
  echo "without the native library: $said" >&2
  native=off
}
# JMH starts each kernel in a JVM of its own with the options of this one.
exec "$JAVA_HOME/bin/java" "@$(scripts/vector_api eval/target)" "@scripts/jvm.options" \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Djmh.ignoreLock=true -Dmom.native=$native \
  -cp "eval/target/test-classes:eval/target/classes:$(cat $path)" org.mixtureofmasks.bench.KernelRatios "$@"
