"""Feeds in the encodings that came before UTF-8."""

import io

import pytest

from aisles.feeds.encoding import encoding_of
from aisles.feeds.parse import parse

# encoding as written, codec as found, column of titles, a title
LEGACY = [
    ("shift_jis", "cp932", "商品名", "メンズ レインジャケット 防水 ブラック"),
    ("euc_jp", "euc_jp", "商品名", "メンズ レインジャケット 防水 ブラック"),
    ("gb18030", "gb18030", "商品名称", "男士防水雨衣夹克 黑色"),
    ("big5", "big5", "商品名稱", "男士防水雨衣夾克 黑色"),
    ("euc_kr", "cp949", "상품명", "남성 방수 레인 재킷 블랙"),
    ("euc_kr", "cp949", "상품명", "남성 방수 재킷 ￦１２，９００　「블랙」"),
    ("cp1250", "cp1250", "název", "Pánská nepromokavá bunda černá žlutá"),
    ("cp1250", "cp1250", "nazwa", "Kurtka męska żółta świetna"),
    ("iso8859_2", "iso8859_2", "nazwa", "Kurtka męska żółta świetna źródło"),
    ("cp1250", "cp1250", "név", "Férfi esőkabát fekete tűzálló bőr"),
    ("cp1251", "cp1251", "название", "Мужская непромокаемая куртка черная"),
    ("cp1251", "cp1251", "название", "КУРТКА МУЖСКАЯ ЧЕРНАЯ Nike ДЛЯ БЕГА"),
    ("cp1251", "cp1251", "назва", "Чоловіча куртка чорна їжак"),
    ("koi8_r", "koi8_r", "название", "Мужская непромокаемая куртка черная"),
    ("cp1253", "cp1253", "τίτλος", "Ανδρικό αδιάβροχο μπουφάν μαύρο"),
    ("cp1253", "cp1253", "τίτλος", "ΠΑΠΟΥΤΣΙΑ ΑΝΔΡΙΚΑ ΜΑΥΡΑ"),
    ("cp1254", "cp1254", "başlık", "Erkek su geçirmez yağmurluk siyah ışık"),
    ("cp1254", "cp1254", "ad", "Kırmızı ışık"),
    ("cp1257", "cp1257", "pavadinimas", "Vyriška neperšlampama striukė juoda žalia"),
    ("cp874", "cp874", "ชื่อสินค้า", "เสื้อกันฝนผู้ชาย สีดำ"),
]


def table(column: str, title: str, rows: int = 60) -> str:
    lines = (f"{no};{title} {no};{no}.50;https://a.example/{no}\n" for no in range(rows))
    return f"id;{column};price;link\n" + "".join(lines)


@pytest.mark.parametrize(("encoding", "codec", "column", "title"), LEGACY)
def test_legacy_encodings(encoding: str, codec: str, column: str, title: str) -> None:
    data = table(column, title).encode(encoding)
    assert encoding_of(data) == codec
    parsed = parse(io.BytesIO(data), "feed.csv")
    rows = [dict(row["values"]) for batch in parsed for row in batch.to_pylist()]
    assert rows[7] == {
        "id": "7", column: f"{title} 7", "price": "7.50", "link": "https://a.example/7"
    }  # fmt: skip
    assert (parsed.kept, parsed.rejected) == (60, 0)


@pytest.mark.parametrize(("encoding", "codec", "column", "title"), LEGACY[:5])
def test_few_signs_a_broken_one_and_a_head_cut_inside_one(
    encoding: str, codec: str, column: str, title: str
) -> None:
    assert encoding_of(table(column, title.split()[0][:4], 3).encode(encoding)) == codec
    data = table(column, title, 400).encode(encoding)
    assert encoding_of(data + b"401;\xff;1.50;x\n") == codec
    place = data.rindex(title[0].encode(encoding))
    assert encoding_of(data[: place + 1]) == codec


WESTERN = [
    "Größe Stück für Männer €", "Chaussures légères été à la mode", "Qualità più alta è perché",
    "Niño pequeño camión azul", "Calção de banho não põe coração", "Blå trøje på lærred",
    "Blå tröja på väska", "Rauður jakki þetta er góður í", "Men’s – best “shirt”™", "5½ £ 2 °C",
    "Größe für Crème à la brûlée, Niño, Blå tröja", "HÄNGESCHRÄNKE GRÖSSE FÜR ÄRMEL",
]  # fmt: skip


@pytest.mark.parametrize("title", WESTERN)
@pytest.mark.parametrize("rows", [1, 60, 2000])
def test_western_feeds_stay_western(title: str, rows: int) -> None:
    assert encoding_of(table("name", title, rows).encode("cp1252")) == "cp1252"


def test_few_lines_of_utf8_and_of_cp1252() -> None:
    data = "id;name\n1;Größe é\n".encode() + "2;Größe\n".encode("cp1252") + "3;ok–\n".encode()
    rows = [
        dict(row["values"]) for batch in parse(io.BytesIO(data), "f") for row in batch.to_pylist()
    ]
    assert [row["name"] for row in rows] == ["Größe é", "Größe", "ok–"]


def test_text_read_wrongly_before_speaks_for_no_code_page() -> None:
    lines = [f"{no};Jeans â¢ {no}\n".encode("cp1252") for no in range(14)]
    lines += [f"{no};Größe {no}\n".encode() for no in range(10)]
    assert encoding_of(b"id;name\n" + b"".join(lines)) == "cp1252"
