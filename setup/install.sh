#!/usr/bin/env bash
# usage: install.sh VENV. Everything that is missing between a bare machine and a running aisles:
# virtual environment, pinned packages, Horovod, Delta's jars. Run again, it does only what is new.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
fail() { echo "aisles: $1" >&2; exit 1; }
say() { printf 'aisles: [%3ds] %s\n' "$SECONDS" "$1"; }

python=
for candidate in "${AISLES_PYTHON:-python3.11}" python3 python3.12; do
  if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
      2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "needs Python 3.11 or 3.12 (not found as python3.11, python3 or python3.12)"
"$python" -c 'import venv, ensurepip' 2>/dev/null \
  || fail "needs Python's venv module (Debian: apt-get install python3-venv)"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
major=$("$java" -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -n 1) || true
[ "${major:-0}" -ge 17 ] || fail "needs a JDK 17 or newer (found: ${major:-none}; looked for $java)"
[ -n "${AISLES_CXX:-$(command -v g++ || command -v clang++ || command -v c++ || true)}" ] \
  || fail "needs a C++ compiler to build Horovod (Debian: apt-get install g++)"
command -v cmake >/dev/null || fail "needs cmake to build Horovod (Debian: apt-get install cmake)"

if [ ! -x "$venv/bin/uv" ]; then
  say "virtual environment in $venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q uv
fi
say "packages (5.6 GB the first time where the index has the CUDA build of torch) ..."
"$venv/bin/uv" pip install -q --python "$venv/bin/python" -r setup/build.txt -c setup/constraints.txt
# PySpark comes as a source of 450 MB. pip keeps the wheel that it builds of it; where an index does
# not let uv keep the source, uv would fetch, unpack and keep another 1.4 GB with every set-up, twice.
"$venv/bin/pip" install -q --no-build-isolation --no-deps pyspark -c setup/constraints.txt
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-build-isolation \
  -e '.[dev]' -c setup/constraints.txt
say "Horovod"
setup/horovod.sh "$venv"
say "Delta's jars"
"$venv/bin/python" setup/jars.py
say "ready"
