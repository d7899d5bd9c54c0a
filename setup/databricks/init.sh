#!/usr/bin/env bash
# Init script of every cluster: installs the wheels beside it, which wheelhouse.sh made for just
# this runtime. AISLES_SETUP (set by the workflows) is its folder, for the platform runs a copy from
# elsewhere. With AISLES_HOROVOD=required the cluster does not start without a working Horovod.
set -euo pipefail
fail() { echo "aisles: $1" >&2; exit 1; }
python=${AISLES_PYTHON_HOME:-/databricks/python}/bin/python
here=$("$python" - <<'PY'
import platform, sys
from importlib.metadata import version
print(f"torch{version('torch')}-py{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}")
PY
)
if [ "${1:-}" = --key ]; then
  echo "$here"  # wheelhouse.sh asks what it has built for
  exit
fi
folder=${AISLES_SETUP:-}
[ -n "$folder" ] || fail "AISLES_SETUP is not set: the folder that wheelhouse.sh filled"
[ -d "$folder/wheels" ] || fail "$folder/wheels is missing; run setup/databricks/wheelhouse.sh once"
built=$(cat "$folder/built_for")
# Horovod built against another torch loads, and then crashes in the first step.
[ "$here" = "$built" ] \
  || fail "$folder is for $built, this cluster is $here; run wheelhouse.sh on it"

"$python" -m pip install -q --no-index --no-deps "$folder"/wheels/*.whl
# The aisles wheel is installed later, as a library of the job, and names Spark, torch and others
# that the runtime has: pip must not bring a second Spark along.
"$python" -m pip config --global set install.no-deps true >/dev/null
if [ "${AISLES_HOROVOD:-}" = required ]; then
  "$python" -c 'import horovod.torch' || fail "Horovod does not load; run wheelhouse.sh again"
fi
