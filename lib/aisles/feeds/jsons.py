"""JSON documents to rows: objects at a path of one document, or of several in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from aisles.feeds.jsonaround import Around, Frame
from aisles.feeds.jsonpath import escaped
from aisles.feeds.jsonrow import (
    DECODER,
    MAX_DEPTH,
    MAX_RECORD_CHARS,
    RAW_CHARS,
    TOO_DEEP,
    decoded,
    rows_of,
)
from aisles.feeds.jsonseek import are_alike, next_record, passed, value_of
from aisles.feeds.jsontable import column_rows, names_of, table_of
from aisles.feeds.jsonwrap import END, unwrapped
from aisles.feeds.records import Row, rejected

_STEP_CHARS = 1 << 15
"""Text looked at together: an error costs the decoder a pass over all of it."""
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.S)
_SPACE = re.compile(r"\s*")


def _pieces(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text in pieces of bounded size; chunks are whole characters."""
    for chunk in chunks:
        text = chunk.decode("utf-8", "replace")
        for start in range(0, len(text), _STEP_CHARS):
            yield text[start : start + _STEP_CHARS]


class JsonRecords:
    """The rows of a file whose records stand at a path of one document, or of several in a row.

    Args:
        path: the keys that lead to the records, as ``record_path`` gives them.
    """

    def __init__(self, path: str) -> None:
        self.clean_end = False
        steps, self._table = table_of(path)
        self._levels = [set(level.split("|")) for level in steps]
        self._around = Around()
        self._frames = self._around.frames
        self._begun = False
        self._like: dict[str, Any] = {}
        self._odd = False
        self._text = ""
        self._place = 0
        self._final = False
        self._lost = False
        self._skipped = 0

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """One row per record; after a broken one it goes on at the next that looks like one."""
        pieces = unwrapped(_pieces(chunks))
        if self._table is not None and self._table.by_column:
            for row in column_rows(pieces):
                self.clean_end = row.cells is not None
                yield row
            return
        pending: list[str] = []
        size, wanted = 0, 0
        for piece in pieces:
            pending.append(piece)
            size += len(piece)
            if size >= wanted:
                yield from self._step("".join(pending))
                pending, size = [], 0
                wanted = max(_STEP_CHARS, len(self._text) // 2)
        self._final = True
        yield from self._step("".join(pending))

    def _step(self, more: str) -> Iterator[Row]:
        self._text, self._place = self._text[self._place :] + more, 0
        while True:
            self._place = self._space(self._place)
            if self._lost and not self._found_again(self._place):
                break
            if self._place >= len(self._text):
                break
            before = self._place
            yield from self._next()
            if self._place == before and not self._lost:
                break  # it needs more text
        if self._final:
            self.clean_end = not (self._frames or self._lost or self._skipped)
            self.clean_end &= self._place >= len(self._text)

    def _space(self, place: int) -> int:
        found = _SPACE.match(self._text, place)
        return found.end() if found else place

    def _next(self) -> Iterator[Row]:
        """Takes one token or record; where it leaves the place as it was, more text is needed."""
        sign = self._text[self._place]
        top = self._frames[-1] if self._frames else None
        if self._skipped:
            self._skip()
        elif sign in "]}":
            yield from self._close(sign, top)
        elif sign in ",:":
            if sign == "," and top is not None:
                top.key = None
            self._place += 1
        elif top is not None and not top.is_list and top.key is None:
            self._name(top)
        else:
            yield from self._value(sign, top)

    def _close(self, sign: str, top: Frame | None) -> Iterator[Row]:
        """Leaves a list or object; a bracket that closes another one is refused, once it matters.

        Else all that follows would be taken for something beside the records.
        """
        place = self._place
        self._place += 1
        if top is not None and top.is_list == (sign == "]"):
            self._around.close()
        elif self._begun:
            what = self._text[place : place + RAW_CHARS]
            yield rejected(what, f"bad_json: {sign!r} closes what was not opened")
            self._seek()

    def _seek(self) -> None:
        """From here on, looks for the next record."""
        self._lost = True
        if self._keyed and self._frames:
            self._frames[-1].key = None

    @property
    def _keyed(self) -> bool:
        """Whether each record is the value of a key of its own."""
        return self._levels[-1:] == [{"*"}] and bool(self._frames) and not self._frames[-1].is_list

    def _name(self, top: Frame) -> None:
        end = self._token_end()
        token = self._text[self._place : end] if end > 0 else ""
        if token.startswith('"'):
            try:
                top.key = escaped(DECODER.decode(token))
            except ValueError:
                top.key = escaped(token[1:-1])
        self._place = max(end, self._place)

    def _value(self, sign: str, top: Frame | None) -> Iterator[Row]:
        level = 0 if top is None else top.level if top.is_list else self._below(top)
        is_record = level == len(self._levels)
        in_list = top is not None and top.is_list
        if is_record and sign == "[" and self._space(self._place + 1) >= len(self._text):
            if self._final:
                yield from self._record(top)
            return  # whether it holds plain values is not to be seen yet
        in_list |= self._table is not None
        if is_record and (sign == "{" or (in_list and sign == "[" and self._is_plain_list())):
            yield from self._record(top)
        elif sign in "{[" and level >= 0 and len(self._frames) < MAX_DEPTH:
            self._around.open(sign == "[", level)
            self._place += 1
        elif sign in "{[" and top is not None and self._may_tell(top):
            self._aside()
        elif sign in "{[":
            if level >= 0:
                yield rejected(self._text[self._place : self._place + RAW_CHARS], TOO_DEEP)
            self._skip()
        else:
            yield from self._scalar(top, is_record)

    def _may_tell(self, top: Frame) -> bool:
        """Whether what stands beside the records may say what they refer to, or what holds them."""
        return not top.is_list and (top.says_something or not self._begun)

    def _aside(self) -> None:
        """Takes a list or object beside the records whole, or passes over it where it is huge."""
        text, place = self._text, self._place
        try:
            value, end = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            if self._ends_early(error):
                return
            self._skip()
            return
        if self._table is not None and self._frames[-1].key == self._table.names_key:
            self._table.names = names_of(value)
        elif end - place <= MAX_RECORD_CHARS:
            self._around.put(value)
        self._place = end

    def _ends_early(self, error: Exception) -> bool:
        """Whether more text may mend what cannot be read at the place."""
        at = int(getattr(error, "pos", self._place))
        waits = not self._final and len(self._text) - self._place <= MAX_RECORD_CHARS
        unended = str(getattr(error, "msg", "")).startswith("Unterminated")
        return waits and (unended or len(self._text) - at < 64)

    def _is_plain_list(self) -> bool:
        """Whether the list that begins here holds plain values, where a record is due."""
        inside = self._space(self._place + 1)
        return self._text[inside : inside + 1] not in "{[]"

    def _below(self, top: Frame) -> int:
        """The level of the value under the object's key; -1 off the path."""
        names = self._levels[top.level]
        return top.level + 1 if top.key in names or names == {"*"} else -1

    def _scalar(self, top: Frame | None, is_record: bool) -> Iterator[Row]:
        """A plain value: refused where a record is due or nothing, else no part of the records."""
        end = self._token_end(whole_line=top is None)
        if end < 0:
            return
        text, self._place = self._text[self._place : min(end, self._place + RAW_CHARS)], end
        if top is not None and not top.is_list and not is_record:
            self._around.put(value_of(text))
        if top is None and END.fullmatch(text.strip()):
            return
        if top is None or (is_record and top.is_list):
            yield rejected(text.strip(), "bad_json: expected an object, got a plain value")

    def _token_end(self, whole_line: bool = False) -> int:
        """Where the token ends; -1 when more text is needed."""
        text, place = self._text, self._place
        found = _TOKEN.match(text, place)
        end = found.end() if found else len(text)
        if whole_line:
            stop = text.find("\n", place)
            end = len(text) if stop < 0 else stop
        whole = text[place] == '"' and found is not None and not whole_line
        if whole or end < len(text) or self._final or len(text) - place > MAX_RECORD_CHARS:
            return end
        return -1

    def _skip(self) -> None:
        """Passes over a list or object that holds no records."""
        waits = 0 if self._final else MAX_RECORD_CHARS
        self._place, self._skipped = passed(self._text, self._place, self._skipped, waits)

    def _record(self, top: Frame | None) -> Iterator[Row]:
        place = self._place
        try:
            record, end, self._text = decoded(self._text, place)
        except (ValueError, RecursionError) as error:
            yield from self._broken(error)
            return
        text = self._text
        raw = text[place : min(end, place + RAW_CHARS)]
        self._begun = True
        if self._table is not None and isinstance(record, list):
            record = self._table.named(record)
            if record is None:
                self._place = end
                return
        rows = rows_of(record, raw)
        if rows[0].cells is not None and isinstance(record, dict) and self._table is None:
            # One odd object may be the rest of a broken record.
            self._odd = not (self._odd or are_alike(record, self._like))
            self._like = self._like if self._odd else record
        self._place = end
        by_key = self._levels[-1:] == [{"*"}]
        key = [("@key", top.key or "")] if top is not None and by_key else []
        for row in rows:
            if row.cells is not None:
                row = Row(self._around.joined([*key, *row.cells]))
            yield row

    def _broken(self, error: Exception) -> Iterator[Row]:
        """Rejects the record at the place, once it is clear that more text would not mend it."""
        text, place = self._text, self._place
        message = str(getattr(error, "msg", ""))
        at = int(getattr(error, "pos", place))
        waits = not self._final and len(text) - place <= MAX_RECORD_CHARS
        if self._ends_early(error):
            return
        start = place if self._like else max(at - 1, place)
        again = next_record(text, start, self._like, self._table is not None, self._keyed)
        if waits and again is None:
            return
        stop = len(text) if again is None else again
        raw = text[place : min(stop, place + RAW_CHARS)].rstrip().rstrip(",")
        yield rejected(raw, f"bad_json: {message}" if message else TOO_DEEP)
        self._seek()
        self._lost = again is None
        self._place = stop

    def _found_again(self, place: int) -> bool:
        """Whether the text goes on with a record after one that was given up."""
        start, lists = max(place - 1, 0), self._table is not None
        again = next_record(self._text, start, self._like, lists, self._keyed)
        self._lost = again is None
        self._place = max(place, len(self._text) - _STEP_CHARS) if again is None else again
        return again is not None
