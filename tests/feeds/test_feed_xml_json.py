"""XML and JSON feeds: records, columns, and what happens to broken ones."""

import io
import json

import pytest

from aisles.feeds import jsons
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
    "attributes alone": (
        "<list><p id='1' name='A > B'/><p id='2' name='C'/></list>",
        {"@id": "1", "@name": "A > B"},
    ),
    "one record of an unknown name": (
        "<list><made>today</made><thing><id>1</id><title>A</title></thing></list>",
        {"id": "1", "title": "A"},
    ),
    "one text each": ("<urls><url>https://a</url><url>b</url></urls>", {"url": "https://a"}),
    "more pictures than records": (
        "<shop>"
        + "<ware><id>1</id><pics><pic><u>a</u><w>1</w></pic><pic><u>b</u></pic></pics></ware>" * 3
        + "</shop>",
        {"id": "1", "pics/pic/u": "a", "pics/pic/w": "1", "pics/pic/u#2": "b"},
    ),
    "tags in instructions, comments and CDATA": (
        "<?xml-stylesheet href='<item>'?><!-- <item> --><p><?php '<item>' ?>"
        "<item><id>1</id><?x <item> ?><t><![CDATA[</item><item>]]></t></item>"
        "<item><id>2</id></item></p><!-- </item> -->",
        {"id": "1", "t": "</item><item>"},
    ),
    "the word ENTITY in a text": (
        "<p><item><t><![CDATA[<!ENTITY a>]]></t></item><item><t>b</t></item></p>",
        {"t": "<!ENTITY a>"},
    ),
    "a warning above": (
        "Notice: line 3\n<?xml version='1.0'?><p><item/><item><t>b</t></item></p>",
        {},
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


def test_siblings_are_named_by_what_tells_them_apart() -> None:
    link = '<link rel="alternate" href="https://a/1"/>'
    picture = '<link rel="enclosure" type="image/jpeg" href="https://a/1.jpg"/>'
    sale, full = '<price type="sale">1</price>', '<price type="list">2</price>'
    size = '<attribute name="size" value="M"> </attribute>'
    bodies = [full, link + picture + sale + full + size, size + full + sale + picture + link]
    items = "".join(f'<entry><title type="text">x</title>{body}</entry>' for body in bodies)
    rows, _ = read(f"<feed>{items}<entry><pic type='a'>1</pic><pic type='a'>2</pic></entry></feed>")
    title = {"title": "x", "title@type": "text"}
    whole = title | {
        "link@href": "https://a/1", "link/enclosure@href": "https://a/1.jpg",
        "link/enclosure@type": "image/jpeg", "price/sale": "1", "price/list": "2",
        "attribute/size": "M",
    }  # fmt: skip
    same = {"pic": "1", "pic@type": "a", "pic#2": "2", "pic@type#2": "a"}
    assert rows == [title | {"price/list": "2"}, whole, whole, same]


def test_elements_made_like_the_records_are_records() -> None:
    pair = "<shirt><id>{0}</id><price>1</price></shirt><shoe><id>{0}</id><price>2</price></shoe>"
    text = "<shop>" + "".join(pair.format(no) for no in range(9)) + "<ad><x>1</x></ad></shop>"
    rows, parsed = read(text)
    assert parsed.format is not None and parsed.format.record_element == "/shop/shirt|shoe"
    assert rows == [{"id": str(no // 2), "price": str(1 + no % 2)} for no in range(18)]


LOST_TAGS = {
    "start tag": ("<item a='><id>5</id></item>", "bad_xml"),
    "comment": ("<!-- <item><id>5</id></item>", "bad_xml: a comment or CDATA that never ends"),
    "CDATA": ("<item><id><![CDATA[5</id></item>", "bad_xml: CData section not finished"),
    "deep": ("<item>" + "<a>" * 150 + "x" + "</a>" * 150 + "</item>", "bad_xml: nested too deeply"),
    "deeper": ("<item>" + "<a>" * 9999 + "</a>" * 9999 + "</item>", "bad_xml: Excessive depth"),
}


@pytest.mark.parametrize(("broken", "reason"), LOST_TAGS.values(), ids=LOST_TAGS.keys())
def test_what_never_ends_hides_no_records(broken: str, reason: str) -> None:
    items = [f"<item><id>{no}</id><t>x</t></item>" for no in range(9)]
    rows, parsed = read("<p>" + "".join([*items[:5], broken, *items[5:]]) + "</p>")
    wanted = {"id": "5"} if "comment" in reason else None
    kept = [row for row in rows if isinstance(row, dict) and row != wanted]
    assert kept == [{"id": str(no), "t": "x"} for no in range(9)]
    assert [row[: len(reason)] for row in rows if isinstance(row, str)] == [reason]
    assert parsed.complete


EMPTY = {
    "nothing listed": "<products></products>",
    "only the shop": "<rss><channel><title>Shop</title></channel></rss>",
    "an error": "<error>no such feed</error>",
    "nested without end": "<a>" * 5000,
}


@pytest.mark.parametrize("data", EMPTY.values(), ids=EMPTY.keys())
def test_xml_without_records_is_not_taken_for_an_empty_shop(data: str) -> None:
    rows, parsed = read(data)
    assert len(rows) == 1 and str(rows[0]).startswith("unreadable: xml: no element repeats")
    assert not parsed.complete


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


def test_signs_that_xml_does_not_allow_are_mended() -> None:
    titles = ["Topf &#x3;5", "Topf < 5 cm", "Topf <5 cm", "<![CDATA[a < 5]]> b", "R&D", "x << y"]
    items = "".join(f"<item><id>{no}</id><t>{one}</t></item>" for no, one in enumerate(titles))
    found = [row["t"] for row in read(f"<items>{items}</items>")[0]]  # type: ignore[call-overload]
    assert found == ["Topf 5", "Topf < 5 cm", "Topf <5 cm", "a < 5 b", "R&D", "x << y"]


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
    hidden = "<!-- <!DOCTYPE r> --><?x ?>" + bomb.replace("<!ENTITY", "<!-- <x> --><!ENTITY")
    for data in (bomb, outside, hidden, "x\n" + "<?xml version='1.0'?>" + bomb):
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


JSON = {
    "lines": RECORD + "\n" + RECORD + "\n",
    "lines with commas": RECORD + ",\n" + RECORD,
    "list": f"[{RECORD},\n{RECORD}]",
    "list of lists": f"[[{RECORD}], [{RECORD}]]",
    "lists after each other": f"[{RECORD}]\n[{RECORD}]",
    "no line ends": RECORD + RECORD,
    "pretty, one after the other": "\n".join([RECORD.replace(", ", ",\n ")] * 2),
    "wrapped": f'{{"shop": {{"name": "x"}}, "products": [{RECORD}, {RECORD}], "n": 2}}',
    "wrapped twice": f'{{"meta":{{"n":2,"tags":["a"]}},"data":{{"stuff":[{RECORD},{RECORD}]}}}}',
    "other lists before and after": (
        '{"links":[{"rel":"x"}], "facets":[' + '{"name":"f","n":1},' * 40 + "{}],"
        f'"data":[{RECORD},{RECORD}], "more":[{{"a":1}}]}}'
    ),
    "pages": f'{{"page":1,"items":[{RECORD}]}}\n{{"page":2,"items":[{RECORD}]}}\n',
    "several lists": f'{{"shirts":[{RECORD}],"shoes":[{RECORD}]}}',
    "text that looks like a list": f'{{"note":"a: [ {{","items":[{RECORD},{RECORD}]}}',
    "escaped keys": f'{{"a/b|c*":{{"\\u0069tems":[{RECORD},{RECORD}]}}}}',
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("data", JSON.values(), ids=JSON.keys())
def test_json(data: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsons, "_STEP_CHARS", step)
    rows, parsed = read(data)
    assert rows == [CELLS, CELLS]
    assert parsed.complete


OTHER_JSON = {
    "one record": ('{\n "id": 1,\n "variants": [{"s": 1}, {"s": 2}]\n}', [
        {"id": "1", "variants.s": "1", "variants.s#2": "2"}]),
    "by their ids": ('{"items": {"p1": {"id": 1, "t": "x"}, "p2": {"id": 2, "t": "y"}}}', [
        {"@key": "p1", "id": "1", "t": "x"}, {"@key": "p2", "id": "2", "t": "y"}]),
    "places": (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"coordinates":'
        ' [[1.5, 2], [3, 4]]}, "properties": {"id": 1}}, {"type": "Feature"}]}', [
        {"type": "Feature", "geometry.coordinates": "1.5, 2", "geometry.coordinates#2": "3, 4",
         "properties.id": "1"}, {"type": "Feature"}]),
    "a key twice": ('[{"id": 1, "id": 2, "a": {"b": 1, "b": 3}}]', [
        {"id": "1", "id#2": "2", "a.b": "1", "a.b#2": "3"}]),
    "numbers as written": ('[{"a": 1e400, "b": 1.10, "c": 12345678901234567890123, "d": NaN}]', [
        {"a": "1e400", "b": "1.10", "c": "12345678901234567890123", "d": "NaN"}]),
    "no records": ('[1, "x", [2, 3], {"id": 4}]', [
        "bad_json: expected an object, got a plain value"] * 2 + [
        "bad_json: expected an object, got list", {"id": "4"}]),
    "text after it": ('[{"id": 1}] was it\n', [
        {"id": "1"}, "bad_json: expected an object, got a plain value"]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), OTHER_JSON.values(), ids=OTHER_JSON.keys())
def test_json_of_other_forms(data: str, expected: list[dict[str, str] | str]) -> None:
    assert read(data)[0] == expected


BROKEN = {
    "no value": '{"id": , "v": [{"id": 1}, {"id": 2}], "t": "x"}',
    "quote never closed": '{"id": "7, "t": "x"}',
    "bracket never closed": '{"id": 7, "v": [{"a": 1}, {"a": 2}, "t": "x"}',
    "too deep": '{"id": ' + "[" * 2000 + "]" * 2000 + "}",
    "deep": '{"id": ' + '{"a":' * 150 + "1" + "}" * 150 + "}",
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_record_is_one_and_hides_none(
    broken: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsons, "_STEP_CHARS", step)
    good = [f'{{"id": {no}, "t": "x"}}' for no in range(6)]
    rows, parsed = read("[" + ", ".join([*good[:3], broken, broken, *good[3:]]) + "]")
    kept = [{"id": str(no), "t": "x"} for no in range(6)]
    assert [row for row in rows if isinstance(row, dict)] == kept
    assert [str(row)[:8] for row in rows[3:5]] == ["bad_json"] * 2
    assert len(rows) == 8 and parsed.complete


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


@pytest.mark.parametrize("lines", [False, True], ids=["document", "lines"])
def test_a_comma_behind_the_last_part_is_overlooked(lines: bool) -> None:
    objects = [f'{{"id": "{no}", "title": "a, }}", "tags": ["x", "y",\n],}}' for no in range(40)]
    if lines:
        data = "\n".join(one.replace("\n", " ") for one in objects)
    else:
        data = "[" + ",\n".join(objects) + ",]"
    rows, parsed = read(data)
    wanted = [{"id": str(no), "title": "a, }", "tags": rows[0]["tags"]} for no in range(40)]
    assert (rows, parsed.complete) == (wanted, True)


def test_not_endlessly_many_commas_are_overlooked() -> None:
    rows, _ = read('{"id": "1", "x": [' + "[1,]," * 5000 + "2]}\n" + '{"id": "2"}')
    assert str(rows[0])[:8] == "bad_json"


def test_deep_json_is_rejected() -> None:
    rows, _ = read('{"id": 1}\n{"a": ' + "[" * 100_000 + "\n")
    assert rows[0] == {"id": "1"}
    assert "bad_json" in str(rows[1])


def test_a_name_among_other_attributes_names_no_value() -> None:
    txt = '<txt name="Gold ring {0}" maker="Acme" for="Men" metal="Gold">Made by hand {0}</txt>'
    rows, _ = read(f"<all>{''.join(f'<ln>{txt.format(no)}</ln>' for no in range(3))}</all>")
    assert rows[1] == {
        "txt": "Made by hand 1", "txt@name": "Gold ring 1", "txt@maker": "Acme",
        "txt@for": "Men", "txt@metal": "Gold",
    }  # fmt: skip


def test_a_named_value_may_have_a_unit_and_more() -> None:
    rows, _ = read('<all><o><p name="Width" unit="cm" id="4" lang="en">9</p></o></all>')
    assert rows[0] == {
        "p/Width": "9",
        "p/Width@unit": "cm",
        "p/Width@id": "4",
        "p/Width@lang": "en",
    }


@pytest.mark.parametrize(("key", "value"), [("nombre", "valor"), ("nazwa", "wartość")])
def test_values_are_named_in_other_languages(key: str, value: str) -> None:
    pairs = [{key: "Color", value: "rojo"}, {key: "Talla", value: "M"}]
    records = [{"id": str(no), "atributos": pairs[:: 1 - no % 2 * 2]} for no in range(4)]
    rows, _ = read(json.dumps(records))
    assert rows[1] == {"id": "1", "atributos.Color": "rojo", "atributos.Talla": "M"}


def test_a_bracket_too_many_hides_no_records() -> None:
    """It would close the list, and all that follows would stand beside the records."""
    records = [{"id": str(n), "title": f"Mug {n}", "offer": {"price": n}} for n in range(9)]
    text = json.dumps({"data": {"items": records}}).replace('"price": 4}}', '"price": 4}}}')
    rows, _ = read(text)
    assert [row["id"] for row in rows if isinstance(row, dict)] == [one["id"] for one in records]
    (refused,) = [row for row in rows if isinstance(row, str)]
    assert refused == "bad_json: '}' closes what was not opened"
    keyed = {one["id"]: one for one in records}
    _, parsed = read(
        json.dumps({"data": {"items": keyed}}).replace('"price": 4}}', '"price": 4}}}')
    )
    assert not parsed.complete  # an object's end is an object's end


def test_xml_may_go_on_behind_its_root() -> None:
    items = "".join(f"<item><id>{n}</id><t>Mug</t></item>" for n in range(5))
    rows, parsed = read(f"<r>{items}</r><?made by=us?><!-- done -->\x1a")
    assert (parsed.complete, len(rows)) == (True, 5)
