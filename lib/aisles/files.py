"""The project's own text files (conf, schemas): from the checkout, or from inside the wheel or zip.

A wheel carries them as `aisles/_files`; an editable install finds them beside `lib`.
"""

from __future__ import annotations

from importlib.resources import files as package
from importlib.resources.abc import Traversable
from pathlib import Path


def _root() -> Traversable:
    packed = package("aisles").joinpath("_files")
    return packed if packed.is_dir() else Path(__file__).resolve().parents[2]


def text(path: str) -> str:
    """Content of one file, such as conf/base.yml."""
    return _root().joinpath(*path.split("/")).read_text(encoding="utf-8")


def names(folder: str, ending: str) -> list[str]:
    """Names of the files of a folder that end so, sorted."""
    here = _root().joinpath(*folder.split("/"))
    return sorted(item.name for item in here.iterdir() if item.name.endswith(ending))


def folder(name: str) -> Path:
    """Where a folder of these files would lie on disk; nothing is there inside a zip."""
    return Path(str(_root().joinpath(name)))
