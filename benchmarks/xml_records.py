"""XML records read together against each through a tree of its own, in one run.

    python benchmarks/xml_records.py --records 100000

Prints, for records of plain leaves, of leaves in CDATA and for records with attributes and inner
elements, the processor time of reading them one by one divided by that of reading them together:
median and range of alternating repetitions.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time

from aisles.feeds import xml
from aisles.feeds.parse import parse

KINDS = {
    "plain leaves": "<item><g:id>{n}</g:id><title>Coffee machine 850W with jug {n}</title>"
    "<description>Colour: purple. Ideal for home, office &amp; travel.</description>"
    "<link>https://shop.example/p?id={n}&amp;a=1</link><g:price>97.{c} USD</g:price>"
    "<g:image_link>https://img.shop.example/{n}.jpg</g:image_link><g:brand>Acme</g:brand>"
    "<g:product_type>Home &gt; Kitchen</g:product_type><g:gtin>2490590578658</g:gtin></item>\n",
    "leaves in CDATA": "<item><id>{n}</id><title><![CDATA[Mug & cup {n}]]></title><description>"
    "<![CDATA[<p>A <b>mug</b> for coffee & tea with a blue rim</p>]]></description><link>"
    "<![CDATA[https://shop.example/p?id={n}&a=1]]></link><price>9.{c}</price></item>\n",
    "attributes and inner elements": '<item id="{n}" available="true"><name>Shirt {n}</name>'
    '<url>https://shop.example/{n}</url><price currency="EUR">9.{c}</price>'
    '<param name="Size">L</param><param name="Colour">red</param><shipping><country>DE</country>'
    "<price>4.90</price></shipping><vendor>Acme</vendor></item>\n",
}


def document(kind: str, records: int) -> bytes:
    """A feed of so many records of one kind."""
    body = "".join(KINDS[kind].format(n=n, c=f"{n % 90 + 10}") for n in range(records))
    return f'<rss xmlns:g="g"><channel>\n{body}</channel></rss>'.encode()


def seconds(data: bytes, least: int) -> float:
    """Processor time of reading the document; least: so many records are read together."""
    xml._LEAST_FLAT = least
    begun = time.process_time()
    read = sum(batch.num_rows for batch in parse(io.BytesIO(data), "feed.xml"))
    spent = time.process_time() - begun
    assert read == data.count(b"<item")
    return spent


def main() -> None:
    """Reads the arguments and prints a line a kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    together, never = xml._LEAST_FLAT, 1 << 60
    for kind in KINDS:
        data = document(kind, args.records)
        pairs = [(seconds(data, never), seconds(data, together)) for _ in range(args.repeat)]
        found = sorted(one / many for one, many in pairs)
        middle = statistics.median(found)
        print(f"{kind}: one by one / together {middle:.2f} [{found[0]:.2f}-{found[-1]:.2f}]")


if __name__ == "__main__":
    main()
