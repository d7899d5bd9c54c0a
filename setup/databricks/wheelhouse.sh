#!/usr/bin/env bash
# usage: wheelhouse.sh FOLDER. Fills FOLDER, a volume, with what init.sh installs on every cluster
# of one ML runtime: the packages that the runtime lacks, and Horovod built for the runtime's torch
# (ML runtimes after 15.4 come without it). Run it once a runtime, on one machine with that runtime,
# in its terminal or a notebook's %sh:
#   bash <deployed files>/setup/databricks/wheelhouse.sh /Volumes/dev/aisles/setup/<runtime>
# Clusters then start without a package index and without a compiler. On a GPU runtime:
# HOROVOD_GPU_OPERATIONS=NCCL before it.
set -euo pipefail
fail() { echo "aisles: $1" >&2; exit 1; }
[ $# -eq 1 ] || fail "usage: wheelhouse.sh FOLDER (a volume, such as /Volumes/dev/aisles/setup/18)"
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
env=${AISLES_PYTHON_HOME:-/databricks/python}
[ -x "$env/bin/python" ] || fail "$env/bin/python is missing; run this on a cluster of the runtime"
mkdir -p "$folder" || fail "cannot write to $folder; create the volume first"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$env/bin/python" -m pip install -q uv cmake
"$env/bin/python" -m pip wheel -q --no-deps --wheel-dir "$work/wheels" \
  -r "$here/packages.txt" -c "$here/../constraints.txt"
XDG_CACHE_HOME=$work/cache PATH="$env/bin:$PATH" "$here/../horovod.sh" "$env"
cp "$work"/cache/aisles/horovod-*/horovod-*.whl "$work/wheels"

# Other clusters may be starting from this folder: everything is there before its name is.
rm -rf "$folder/wheels.new"
cp -r "$work/wheels" "$folder/wheels.new"
cp "$here/init.sh" "$folder/init.sh"
AISLES_PYTHON_HOME=$env bash "$here/init.sh" --key >"$folder/built_for"
rm -rf "$folder/wheels"
mv "$folder/wheels.new" "$folder/wheels"
echo "aisles: $(ls "$folder/wheels" | wc -l) wheels in $folder for $(cat "$folder/built_for")"
