"""Any bytes: no crash, numbers in order, read = kept + rejected."""

import bz2
import gzip
import io

import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisles.feeds.parse import parse

FRAGMENTS = st.sampled_from(
    b'" "" , ; | \n \r\n a 12.50 HDR| TRL|3 #x\n <item> </item> <rss><channel> </channel></rss> '
    b'<title> </title> <![CDATA[ ]]> <!-- --> {"a":1} {"a": [ ] { } &nbsp; \x00 \xff \xc3\xa9 '
    b"\xef\xbb\xbf \xff\xfe http://x.example/z.jpg <!ENTITY <g:id> </g:id> title;price\n "
    b'"products":[{ <?xml PK\x03\x04 \x1f\x8b\x08'.split(b" ")
) | st.binary(max_size=6)
PACKERS = (bytes, gzip.compress, bz2.compress, zstandard.compress)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FRAGMENTS, max_size=40), st.sampled_from(PACKERS), st.integers(0, 60))
def test_any_bytes(parts: list[bytes], pack: type[bytes], cut: int) -> None:
    data = pack(b"".join(parts))
    for taken in (data, data[: max(len(data) - cut, 0)]):
        parsed = parse(io.BytesIO(taken), "feed")
        numbers: list[int] = []
        for batch in parsed:
            batch.validate(full=True)
            numbers += batch["record_no"].to_pylist()
            for row in batch.to_pylist():
                assert (row["values"] is None) == (row["reason"] is not None)
                assert (row["raw"] is None) == (row["reason"] is None)
                assert all(value for _, value in row["values"] or ())
        assert numbers == list(range(1, len(numbers) + 1))
        assert parsed.read == parsed.kept + parsed.rejected == len(numbers)
