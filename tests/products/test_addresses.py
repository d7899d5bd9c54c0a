"""Which URLs and addresses a feed may name."""

import pytest
from yarl import URL

from aisles.products.addresses import Gatekeeper, Refused

KEEPER = Gatekeeper.of((80, 443), ())

PUBLIC = ["8.8.8.8", "100.63.255.255", "172.32.0.1", "192.169.0.1", "223.255.255.255",
          "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]  # fmt: skip
REFUSED = [
    *["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"],
    *["127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
    *["192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"],
    *["239.1.1.1", "240.0.0.1", "255.255.255.255"],
    *["::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254"],
    *["ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "100::1"],
    # An IPv4 address inside an IPv6 one counts.
    *["::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"],
    *["64:ff9b:1::7f00:1"],
    # Spellings that a resolver would take for 127.0.0.1.
    *["127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "localhost", ""],
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    KEEPER.check_address(address)


@pytest.mark.parametrize("address", REFUSED)
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        KEEPER.check_address(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/a.jpg",
        "https://shop.example:443/a b.jpg?x=%41",
        "http://exämple.com/a.jpg",
        "http://a_b.example/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
        "http://7up.example/",
    ],
)
def test_a_url_passes(url: str) -> None:
    KEEPER.check_url(URL(url))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "no http or https"),
        ("ftp://shop.example/a.jpg", "no http or https"),
        ("data:image/png;base64,AAAA", "no http or https"),
        ("/a.jpg", "no http or https"),
        ("http:///a.jpg", "no http or https"),
        ("http://a b.example/", "no http or https"),
        ("http://shop.example:22/", "port 22 is not among [80, 443]"),
        ("http://user@shop.example/", "user info"),
        ("http://:secret@shop.example/", "user info"),
        ("http://127.0.0.1/", "127.0.0.1 is not public"),
        ("http://169.254.169.254/latest/meta-data/", "is not public"),
        ("http://[::1]/", "is not public"),
        ("http://[::ffff:127.0.0.1]/", "is not public"),
        ("http://[::ffff:7f00:1]/", "is not public"),
        ("http://2130706433/", "plain spelling"),
        ("http://017700000001/", "plain spelling"),
        ("http://0x7f000001/", "plain spelling"),
        ("http://0x7f.0.0.1/", "plain spelling"),
        ("http://127.1/", "plain spelling"),
        ("http://127.0.0.1./", "plain spelling"),
        ("http://１２７.0.0.1/", "is not public"),  # full-width digits
        ("http://127。0。0。1/", "is not public"),
        ("http://shop.1/", "plain spelling"),
    ],
)
def test_a_url_is_refused(url: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        KEEPER.check_url(URL(url))
    assert why in str(caught.value)


def test_an_allowed_network_is_open_and_nothing_beside_it() -> None:
    keeper = Gatekeeper.of((80, 8080), ("10.1.0.0/16", "::1/128"))
    for url in ("http://10.1.2.3:8080/", "http://[::1]/", "http://[::ffff:10.1.2.3]/"):
        keeper.check_url(URL(url))
    for url in ("http://10.2.0.1/", "http://10.1.2.3:443/", "http://[::2]/"):
        with pytest.raises(Refused):
            keeper.check_url(URL(url))
    with pytest.raises(ValueError, match=r"images\.allow_networks takes networks .*10\.1\.2\.3/16"):
        Gatekeeper.of((80,), ("10.1.2.3/16",))
