"""Starts the ranks of a training on this machine: `python -P .../child.py SPEC RANKS`.

They are started from this small process and not from the caller's, which may hold a JVM, threads
and signal handlers that Horovod's starter would copy or replace. The file is run by its path and
imports nothing heavy at its top: Horovod starts one more process a rank, a watcher, which imports
it again.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any


def run_rank(spec_path: str) -> None:
    """Trains as one of Horovod's ranks; leaves rank-R.json, with the error if there was one."""
    from aisles.train.loop import fit
    from aisles.train.ranks import Horovod
    from aisles.train.spec import FitSpec

    spec = FitSpec.load(Path(spec_path))
    rank = int(os.environ["HOROVOD_RANK"])
    report: dict[str, Any] = {"rank": rank, "pid": os.getpid()}
    path = Path(spec.run_folder) / f"rank-{rank}.json"
    _write(path, report)
    try:
        ranks = Horovod()
        fit(spec, ranks)
        ranks.close()
    except BaseException as error:
        report |= {"error": type(error).__name__, "message": str(error)}
        traceback.print_exc()
        raise
    finally:
        report["modules"] = sorted({name.split(".")[0] for name in sys.modules})
        _write(path, report)


def _write(path: Path, report: dict[str, Any]) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(report), encoding="utf-8")
    fresh.replace(path)


def _end_with_caller() -> None:
    # The caller holds the other end of the standard input. When it is gone, so are the ranks:
    # Horovod's per-rank watchers end them when this process ends.
    def watch() -> None:
        # Not through sys.stdin: a process that Horovod forks would wait for its lock for ever.
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(spec_path: str, ranks: int) -> None:
    """Starts the ranks on this machine and waits for them."""
    import horovod

    _end_with_caller()
    horovod.run(
        run_rank,
        args=(spec_path,),
        num_proc=ranks,
        hosts=f"localhost:{ranks}",
        network_interfaces=["lo"],
        use_gloo=True,
        disable_cache=True,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
