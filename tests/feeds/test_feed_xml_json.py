"""XML and JSON feeds: records, columns, and what happens to broken ones."""

import io

import pytest

from aisles.feeds import xml as feed_xml
from aisles.feeds.parse import Parsed, parse


def read(data: str) -> tuple[list[dict[str, str] | str], Parsed]:
    parsed = parse(io.BytesIO(data.encode()), "feed")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    return [row["reason"] or dict(row["values"]) for row in rows], parsed


RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<title>Shop</title><link>https://a.example</link>
{}
</channel></rss>"""

XML = {
    "rss": (
        RSS.format(
            "<item><g:id>1</g:id><title>A &amp; B</title><description><![CDATA[<p>x</p> </item>]]>"
            "</description><g:shipping><g:price>3 EUR</g:price></g:shipping></item>"
        ),
        {
            "g:id": "1",
            "title": "A & B",
            "description": "<p>x</p> </item>",
            "g:shipping/g:price": "3 EUR",
        },
    ),
    "atom": (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="x"><title>Shop</title>'
        '<entry><title>A</title><link href="https://a.example/1"/><g:id>1</g:id></entry></feed>',
        {"title": "A", "link@href": "https://a.example/1", "g:id": "1"},
    ),
    "attributes and named parameters": (
        '<offers><o id="7" price="9.90"><cat>Dom</cat><attrs><a name="Producent">X</a></attrs></o>'
        '<o id="8" price="1"><cat>Dom</cat></o></offers>',
        {"@id": "7", "@price": "9.90", "cat": "Dom", "attrs/a/Producent": "X"},
    ),
    "name and value pairs": (
        "<SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>modrá</VAL>"
        "</PARAM></SHOPITEM></SHOP>",
        {"ITEM_ID": "1", "PARAM/Barva": "modrá"},
    ),
    "repeated leaves": (
        "<products><product><id>1</id><image>a.jpg</image><image>b.jpg</image></product></products>",
        {"id": "1", "image": "a.jpg", "image#2": "b.jpg"},
    ),
    "list of categories first": (
        '<!DOCTYPE yml_catalog SYSTEM "shops.dtd"><yml_catalog><shop><categories>'
        '<category id="1">A</category><category id="2">B</category></categories><offers>'
        '<offer id="5"><name>N</name><param name="Color">Red</param></offer></offers></shop>'
        "</yml_catalog>",
        {"@id": "5", "name": "N", "param/Color": "Red"},
    ),
    "html entities and lone ampersands": (
        "<p><item><id>1</id><t>caf&eacute; R&B &nbsp;x</t></item><item><id>2</id></item></p>",
        {"id": "1", "t": "café R&B \u00a0x"},
    ),
    "markup left in": (
        "<p><item><id>1</id><d>a <b>bold</b> one</d></item><item><id>2</id></item></p>",
        {"id": "1", "d": "a bold one"},
    ),
}


@pytest.mark.parametrize(("data", "first"), XML.values(), ids=XML.keys())
def test_xml(data: str, first: dict[str, str]) -> None:
    rows, parsed = read(data)
    assert rows[0] == first
    assert parsed.complete


def test_xml_in_another_encoding() -> None:
    data = '<?xml version="1.0" encoding="ISO-8859-2"?><p><item><id>1</id><t>łódź</t></item></p>'
    parsed = parse(io.BytesIO(data.encode("iso-8859-2")), "feed")
    assert dict(next(parsed)["values"][0].as_py())["t"] == "łódź"


def test_broken_record_leaves_the_others_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [f"<item><id>{no}</id><t>x</t></item>" for no in range(9)]
    items[3] = "<item><id>3</id><t>x</item>"
    items[5] = "<item><id>5</id><t>x</t>"
    for step in (1, 1 << 20):
        monkeypatch.setattr(feed_xml, "_STEP_BYTES", step)
        rows, parsed = read(RSS.format("\n".join(items)))
        kept = [row["id"] for row in rows if isinstance(row, dict)]
        assert kept == ["0", "1", "2", "4", "6", "7", "8"]
        assert all("bad_xml" in row for row in rows if isinstance(row, str))
        assert parsed.complete


def test_truncated_xml_keeps_what_was_read() -> None:
    data = RSS.format("".join(f"<item><id>{no}</id><t>x</t></item>" for no in range(9)))
    rows, parsed = read(data[: data.index("<id>7") + 4])
    assert [r["id"] for r in rows if isinstance(r, dict)] == [str(no) for no in range(7)]
    assert (str(rows[-1])[:9], parsed.complete) == ("truncated", False)
    rows, parsed = read(data[: data.index("</channel>")])
    assert (len(rows), parsed.complete) == (9, False)


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><item><t>&b;</t></item></r>'
    outside = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><item><t>&a;</t></item></r>'
    for data in (bomb, outside):
        rows, parsed = read(data)
        assert len(rows) == 1 and str(rows[0]).startswith("unreadable: xml_entities")
        assert not parsed.complete


RECORD = (
    '{"id": 1.50, "on": true, "no": null, "categories": ["A", "B"], "sizes": ["S", "M"],'
    ' "images": ["https://a.example/1", "https://a.example/2"], "offer": {"price": {"value": 2}},'
    ' "list": [{"k": "x"}, {"k": "y"}]}'
)
CELLS = {
    "id": "1.50", "on": "true", "categories": "A > B", "sizes": "S, M",
    "images": "https://a.example/1", "images#2": "https://a.example/2",
    "offer.price.value": "2", "list.k": "x", "list.k#2": "y",
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        RECORD + "\n" + RECORD + "\n",
        f"[{RECORD},\n{RECORD}]",
        f'{{"shop": {{"name": "x"}}, "products": [{RECORD}, {RECORD}], "n": 2}}',
    ],
    ids=["lines", "list", "wrapped"],
)
def test_json(data: str) -> None:
    rows, parsed = read(data)
    assert rows == [CELLS, CELLS]
    assert parsed.complete


def test_broken_json() -> None:
    rows, parsed = read('{"id": 1}\n{"id": }\n[3]\n{"id": 4}\n')
    assert [r if isinstance(r, dict) else r[:8] for r in rows] == [
        {"id": "1"}, "bad_json", "bad_json", {"id": "4"},
    ]  # fmt: skip
    rows, parsed = read('[{"id": 1}, {"id": }, {"id": 3}]')
    assert [r if isinstance(r, dict) else r[:8] for r in rows] == [
        {"id": "1"}, "bad_json", {"id": "3"},
    ]  # fmt: skip
    assert parsed.complete
    rows, parsed = read('[{"id": 1}, {"id": 2')
    assert (rows[0], str(rows[1])[:8], parsed.complete) == ({"id": "1"}, "bad_json", False)


def test_deep_json_is_rejected() -> None:
    rows, _ = read('{"id": 1}\n{"a": ' + "[" * 100_000 + "\n")
    assert rows[0] == {"id": "1"}
    assert "bad_json" in str(rows[1])
