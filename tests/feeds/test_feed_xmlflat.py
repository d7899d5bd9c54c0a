"""Records of XML read at once have the cells that the tree gives."""

from __future__ import annotations

import random

import pytest

from aisles.feeds import xml as feed_xml
from aisles.feeds import xmlparser
from aisles.feeds.formats import Format
from aisles.feeds.parse import _grouped
from aisles.feeds.records import Row
from aisles.feeds.xml import XmlRecords

PLAIN = [
    "<g:id>5</g:id>", "<t>Mug</t>", "<t>Mug again</t>", "<t> \n Blue\u00a0mug \u3000</t>", "<t/>",
    "<t></t>", "<t />", "<t >x</t >", "<u:b>ł ó 猫</u:b>",
    "<p>a &amp; b &lt;i&gt; &quot;&apos;</p>",
    "<p>&amp;amp; &amp;lt; &amp;#39;</p>",
    "<p>&#39;&#x1F600;&#38;lt;</p>", "<p>a\r\nb\rc</p>",
    "<p>&#13;&#10;x&#9;</p>", "<d><![CDATA[<b>bold</b> & more]]></d>", "<d> <![CDATA[ ]]> </d>",
    "<d>a<![CDATA[b]]>c<![CDATA[d>]]></d>", "<a>x > y</a>",
    "<c>Home > Garden</c>", "  \r\n\t",
]  # fmt: skip
OTHER = [
    "<d><![CDATA[a]]>&amp;</d>",
    '<p n="1">x</p>', '<price currency="EUR">5</price>', '<param name="Colour">red</param>',
    "<param name='Size' unit=\"cm\">4 &amp; 5</param>",
    '<link rel="alternate" href="u?a=1&amp;b"/>',
    "<s><c>DE</c><p>5</p></s>", "<s><c>DE</c><c>AT</c></s>", "<d>see <b>bold</b> text</d>",
    "<PARAM><NAME>Colour</NAME><VAL>red</VAL></PARAM>", '<image name="n"><value>v</value></image>',
    "<s><s><s>deep</s></s></s>", "<s a='x'><t/></s>", '<e n="a>b"/>', '<e n="a/>b">x</e>',
    "<e n='>'/><f n='/>'>y</f>", "<s><![CDATA[x]]><b>1</b></s>", "<ł>name</ł>", "text around ",
    "<![CDATA[around]]>", "&amp;", "<!-- <t>no</t> -->", "<!-- <![CDATA[ -->", "<?pi <t> ?>",
    "<x:y>undeclared</x:y>", "<p>&nbsp;</p>", "<p>&eacute;</p>", "<p>&#0;</p>", "<p>&#xFFFE;</p>",
    "<p>&</p>", "<p>a < b</p>", "<p>]]></p>", "<p>\x01</p>", "<p>\ufffe</p>", "<t>open", "</t>",
    "<t>x</u>", "<>", "<t a=1>x</t>", '<t a="1" a="2">x</t>', "<1>x</1>", "<p>]]&gt;</p>",
    "<p>&#99999999;</p>", "<p>&#xd800;</p>", "< t>x</t>", "<t\n>x</t>", "<p a='&lt;'>x</p>",
]  # fmt: skip
OPEN = [
    "<item>", "<item>", "<item>", '<item id="5" available="true">', "<item\n id='7'>", "<item >",
    '<item a="x &amp; y">', '<item a="1" a="2">', '<item xmlns="z">', '<item xmlns:q="z">',
    '<item g:id="4">', '<item a=">">', "<item a=''>", "<item/>", '<item a="x\ty">',
]  # fmt: skip


TABLES = (
    '<categories><category id="1">Home</category><category id="2" parentId="1">Mugs</category>'
    '<category id="3" parentId="9">Odd &amp; ends</category></categories>'
    '<shops><shop id="s"><name>Corner</name></shop></shops>'
)
REFERRING = [
    "<categoryId>2</categoryId>", "<categoryId>1, 3</categoryId>", "<category>3</category>",
    "<categoryId>9</categoryId>", "<categoryId>1,9</categoryId>", "<g:categoryId>2</g:categoryId>",
    f"<categoryId>{'1' * 600}</categoryId>", "<shopId>s</shopId>", "<categoryIds/>",
    '<categoryId type="Own">2</categoryId>',
]  # fmt: skip
SECTIONS = [
    '<section name="A">',
    '<section name="B" of="x &amp; y">',
    "</section>",
    "<shop>x</shop>",
]


def _records(rng: random.Random, count: int, odd: float, tables: bool = False) -> str:
    made = [TABLES] if tables else []
    for _ in range(count):
        parts = [rng.choice(PLAIN) for _ in range(rng.randrange(7))]
        if tables and rng.random() < 0.6:
            parts.append(rng.choice(REFERRING))
        if tables and rng.random() < 0.1:
            made.append(rng.choice(SECTIONS))
        if rng.random() < odd:
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(OTHER))
        first = rng.choice(OPEN) if rng.random() < odd else "<item>"
        if first.endswith("/>"):
            made.append(first)
        else:
            end = "</item>" if rng.random() < 0.98 else rng.choice(["</item >", "</item\n>", ""])
            made.append(first + "".join(parts) + end)
        made.append(rng.choice(["", "\n", "\r\n  ", "\n", "\f\v\n"]))
    return "".join(made)


def _rows(text: str, monkeypatch: pytest.MonkeyPatch, together: bool) -> tuple[list[object], bool]:
    with monkeypatch.context() as patch:
        patch.setattr(feed_xml, "_LEAST_FLAT", 4 if together else 1 << 30)
        patch.setattr(xmlparser, "SCANNED", 0)
        reader = XmlRecords(Format("xml", "utf-8", record_element="/rss/channel/item"))
        whole = f'<rss xmlns:g="g" xmlns:u="u"><channel>{text}</channel></rss>'.encode()
        found = list(reader.rows([whole[:30], whole[30:]]))
        batches = list(_grouped(iter(found), 1000))
    flat = any(not isinstance(one, Row) for one in found)
    rows = [
        (row["values"], row["raw"], row["reason"]) for batch in batches for row in batch.to_pylist()
    ]
    return rows, flat


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("odd", [0.0, 0.05, 0.3, 1.0])
def test_records_read_at_once_have_the_cells_of_their_trees(
    odd: float, tables: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_flat = 0
    for seed in range(60):
        text = _records(random.Random(f"{odd} {seed}"), 40, odd, tables)
        expected, _ = _rows(text, monkeypatch, together=False)
        found, flat = _rows(text, monkeypatch, together=True)
        assert found == expected, (seed, text)
        some_flat += flat
    assert some_flat > 30


@pytest.mark.parametrize("part", [*PLAIN, *OTHER])
def test_each_kind_of_child(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = "<item><g:id>5</g:id>" + part + "<t>Mug</t></item>\n"
    plain = "<item><g:id>6</g:id><t>Cup</t></item>"
    text = plain * 5 + record + plain * 5 + record
    expected, _ = _rows(text, monkeypatch, together=False)
    found, _ = _rows(text, monkeypatch, together=True)
    assert found == expected


@pytest.mark.parametrize("part", PLAIN)
def test_plain_children_need_no_tree(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_tree(*_: object) -> None:
        raise AssertionError("a tree was made")

    monkeypatch.setattr(xmlparser.RecordParser, "rows", no_tree)
    text = ('<item id="1"><g:id>5</g:id>' + part + "<t>Mug</t></item>\n") * 20
    rows, flat = _rows(text, monkeypatch, together=True)
    assert flat and len(rows) == 20


def test_categories_are_joined_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    item = "<item><t>Mug</t><categoryId>2</categoryId></item>"
    rows, flat = _rows(TABLES + '<part name="P">' + item * 20 + "</part>", monkeypatch, True)
    assert flat and len(rows) == 20
    cells = [("../part@name", "P"), ("t", "Mug"), ("categoryId", "Home > Mugs")]
    assert rows == [(cells[1:], None, None)] * 20  # an element that stands once says nothing


def test_a_namespace_with_signs_that_xml_lacks() -> None:
    item = '<item xmlns="\ufffe"><t>x</t></item><item><t>y</t></item>'
    reader = XmlRecords(Format("xml", "utf-8", record_element="/rss/channel/item"))
    rows = list(reader.rows([f"<rss><channel>{item}</channel></rss>".encode()]))
    assert [row.cells for row in rows if isinstance(row, Row)] == [[("t", "x")], [("t", "y")]]
