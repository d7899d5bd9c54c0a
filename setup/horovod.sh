#!/usr/bin/env bash
# usage: horovod.sh VENV. Installs Horovod into VENV, built against the torch that is in it.
# The wheel is kept in the user's cache under a name that carries torch, Python and platform,
# because pip's own cache knows only the source's version and would hand out a wrong binary.
# With GPUs and NCCL: HOROVOD_GPU_OPERATIONS=NCCL setup/horovod.sh VENV. Without that setting CUDA is
# kept out of the build: a CUDA torch next to a visible nvcc would make it demand NCCL.
set -euo pipefail
venv=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
version=0.28.1
key=$("$venv/bin/python" - <<'PY'
import platform, sys, sysconfig, torch
libc = "-".join(platform.libc_ver())
print(f"torch{torch.__version__}-py{sys.version_info[0]}{sys.version_info[1]}"
      f"-{sysconfig.get_platform()}-{libc}")
PY
)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/aisles/horovod-$version-$key-${HOROVOD_GPU_OPERATIONS:-cpu}
if ! ls "$cache"/horovod-*.whl >/dev/null 2>&1; then
  echo "aisles: building Horovod $version for $key (once; about 3 minutes) ..."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  export CXX="$here/compiler.sh" CMAKE_POLICY_VERSION_MINIMUM=3.5 PATH="$venv/bin:$PATH"
  export AISLES_CXX="${AISLES_CXX:-$(command -v g++ || command -v clang++ || command -v c++)}"
  export HOROVOD_WITH_PYTORCH=1 HOROVOD_WITH_GLOO=1 HOROVOD_WITHOUT_MPI=1
  export HOROVOD_WITHOUT_TENSORFLOW=1 HOROVOD_WITHOUT_MXNET=1
  MAKEFLAGS="-j$(getconf _NPROCESSORS_ONLN)"
  export MAKEFLAGS
  if [ -z "${HOROVOD_GPU_OPERATIONS:-}" ]; then
    unset CUDA_HOME HOROVOD_CUDA_HOME CUDACXX
    real_cmake=$(command -v cmake)
    cat >"$work/cmake" <<SH
#!/usr/bin/env bash
[ "\$1" = --build ] && exec "$real_cmake" "\$@"
exec "$real_cmake" -DCMAKE_CUDA_COMPILER=OFF -DCMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit=ON "\$@"
SH
    chmod +x "$work/cmake"
    export HOROVOD_CMAKE="$work/cmake"
  fi
  "$venv/bin/python" -m pip wheel -q --no-build-isolation --no-cache-dir --no-deps \
    --wheel-dir "$work/out" "horovod==$version" >"$work/log" 2>&1 || {
      tail -n 40 "$work/log" >&2
      cp "$work/log" "${TMPDIR:-/tmp}/aisles-horovod-build.log"
      echo "aisles: Horovod did not build; the whole log: ${TMPDIR:-/tmp}/aisles-horovod-build.log" >&2
      exit 1
    }
  mkdir -p "$cache"
  cp "$work"/out/horovod-*.whl "$cache/.new" && mv "$cache/.new" "$cache/$(basename "$work"/out/*.whl)"
fi
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps "$cache"/horovod-*.whl
