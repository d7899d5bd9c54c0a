"""Files with one JSON object a line to rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aisles.feeds.jsonrow import MAX_RECORD_CHARS, RAW_CHARS, TOO_DEEP, decoded, rows_of
from aisles.feeds.records import Row, rejected


def rows_of_text(text: str) -> list[Row]:
    """The rows of one JSON text; several where it nests variants."""
    try:
        record, end, text = decoded(text)
    except ValueError as error:
        return [rejected(text, f"bad_json: {error}")]
    except RecursionError:
        return [rejected(text, TOO_DEEP)]
    if text[end:].strip():
        return [rejected(text, "bad_json: more text after the object")]
    return rows_of(record, text)


class JsonLines:
    """The rows of a file with one JSON object a line."""

    def __init__(self) -> None:
        self.clean_end = True

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """The rows of each line that is not blank."""
        rest, skipping = b"", False
        for chunk in chunks:
            lines = (rest + chunk).split(b"\n")
            if skipping and len(lines) > 1:
                lines, skipping = lines[1:], False
            rest = b"" if skipping else lines[-1]
            yield from self._lines(lines[:-1])
            if len(rest) > MAX_RECORD_CHARS:
                text = rest[:RAW_CHARS].decode("utf-8", "replace")
                yield rejected(text, f"bad_json: line over {MAX_RECORD_CHARS} bytes")
                rest, skipping = b"", True
        for row in self._lines([rest]):
            self.clean_end = row.cells is not None
            yield row
        self.clean_end &= not skipping

    def _lines(self, lines: list[bytes]) -> Iterator[Row]:
        for line in lines:
            text = line.decode("utf-8", "replace").strip().removesuffix(",")
            if text and text not in ("[", "]"):
                yield from rows_of_text(text)
