from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.guard import Guard
from pipeline.errors import DestinationRefused

CLOSED = Guard()
OPENED = Guard((ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("::1/128")))
EVERYTHING = Guard((ip_network("0.0.0.0/0"), ip_network("::/0")))

#: Address → why nobody may send there unasked.
REFUSED = {
    "0.0.0.0": "this host: Linux connects to itself",
    "0.1.2.3": "this network, RFC 791",
    "127.0.0.1": "loopback",
    "127.8.8.8": "loopback is a whole /8",
    "127.255.255.254": "its last address",
    "10.1.2.3": "private, RFC 1918",
    "172.16.0.1": "private, the first",
    "172.31.255.254": "private, the last",
    "192.168.1.1": "private: the router at home",
    "100.64.0.1": "shared with a provider, RFC 6598",
    "100.127.255.254": "its last address",
    "169.254.0.1": "link-local",
    "192.0.0.1": "protocol assignments, RFC 6890",
    "192.0.0.170": "protocol assignments: how a NAT64 is found",
    "192.0.2.1": "documentation",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "198.18.0.1": "benchmarks inside a network, RFC 2544",
    "192.88.99.1": "6to4's relays, given up",
    "224.0.0.1": "multicast: everybody on the wire",
    "239.255.255.250": "multicast: SSDP",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "169.254.169.254": "metadata of AWS, GCP, Azure, OpenStack and most others",
    "169.254.170.2": "metadata of AWS for containers",
    "169.254.170.23": "metadata of AWS for pods",
    "100.100.100.200": "metadata of Alibaba",
    "192.0.0.192": "metadata of Oracle, which looks public",
    "168.63.129.16": "metadata of Azure, which is public",
    "fd00:ec2::254": "metadata of AWS over IPv6",
    "fd00:ec2::23": "metadata of AWS for pods over IPv6",
    "fd20:ce::254": "metadata of GCP over IPv6",
    "fe80::a9fe:a9fe": "metadata of OpenStack over IPv6",
    "::": "this host",
    "::1": "loopback",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local, on one interface",
    "febf::1": "the last of link-local",
    "fec0::1": "site-local, given up but routed by some",
    "fc00::1": "unique local",
    "fdff::1": "unique local, the last",
    "ff02::1": "multicast",
    "ff0e::1": "multicast of the whole world",
    "100::1": "discarded, RFC 6666",
    "2001::1": "Teredo: a tunnel to an IPv4 address of the sender's choice",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe": "Teredo, to 10.0.0.1",
    "2001:2::1": "benchmarks",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation, RFC 9637",
    "5f00::1": "segment routing inside a network, RFC 9602",
    "4000::1": "given to nobody",
    "::ffff:127.0.0.1": "mapped: the socket connects over IPv4",
    "::ffff:7f00:1": "the same, in digits",
    "::ffff:169.254.169.254": "a metadata address, mapped",
    "::127.0.0.1": "IPv4-compatible",
    "::ffff:0:10.0.0.1": "IPv4-translated, RFC 2765",
    "64:ff9b::10.0.0.1": "NAT64 hands it to 10.0.0.1",
    "64:ff9b::a83f:8110": "NAT64 hands it to Azure's metadata",
    "64:ff9b:1::1": "a NAT64 of the network's own, RFC 8215",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff": "its last address",
    "2002:7f00:1::": "6to4 hands it to 127.0.0.1",
    "2002:a00:1::1": "6to4 hands it to 10.0.0.1",
    "2002:a9fe:a9fe::1": "6to4 hands it to a metadata address",
    "2a00:1450::5efe:10.0.0.1": "ISATAP hands it to 10.0.0.1",
    "2a00:1450::200:5efe:192.168.0.1": "ISATAP with the bit for a global IPv4 address",
}
METADATA = [address for address, why in REFUSED.items() if why.startswith("metadata")]


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "169.253.255.255",
        "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "168.63.129.15", "168.63.129.17",
        "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450::1", "2002:5db8:d822::1", "64:ff9b::5db8:d822",
        "::ffff:93.184.216.34", "2a00:1450::5efe:93.184.216.34",
    ],
)  # fmt: skip
def test_a_public_address_passes(address: str) -> None:
    CLOSED.check(address, "example.org")


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_the_publics_is_refused_with_the_setting_that_allows_it(address: str) -> None:
    with pytest.raises(DestinationRefused, match="MIH_ALLOWED_NETWORKS"):
        CLOSED.check(address, "db.internal")


def test_no_name_makes_a_reason_too_long() -> None:
    with pytest.raises(DestinationRefused) as refused:
        CLOSED.check("fd00:ec2::254", "n" * 253)
    assert len(str(refused.value)) < 300
    assert len(CLOSED.check_written(f"http://{'n' * 9000}/") or "") in range(1, 300)


def test_the_network_to_list_is_told() -> None:
    with pytest.raises(DestinationRefused) as refused:
        CLOSED.check("::ffff:10.1.2.3", "db.internal")
    assert str(refused.value) == (
        "db.internal (10.1.2.3) is a private or local address: "
        "MIH_ALLOWED_NETWORKS must list it, for example 10.1.2.3/32"
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"])
def test_an_address_in_an_allowed_network_passes(address: str) -> None:
    OPENED.check(address, "erp.internal")


@pytest.mark.parametrize("address", METADATA)
def test_a_metadata_address_is_opened_by_nothing_but_itself(address: str) -> None:
    with pytest.raises(DestinationRefused, match=f"metadata address.*list this very address, {address}/(32|128)$"):
        EVERYTHING.check(address, "cloud.internal")
    Guard((ip_network(address),)).check(address, "cloud.internal")


@pytest.mark.parametrize(
    "address", ["::ffff:169.254.169.254", "64:ff9b::a83f:8110", "2002:a9fe:a9fe::1", "2a00:1450::5efe:100.100.100.200"]
)
def test_nor_is_it_in_a_disguise(address: str) -> None:
    with pytest.raises(DestinationRefused, match="metadata address"):
        EVERYTHING.check(address, "cloud.internal")


@pytest.mark.parametrize("address", [one for one, why in REFUSED.items() if "metadata" not in why])
def test_any_other_address_is_opened_by_a_network_around_it(address: str) -> None:
    EVERYTHING.check(address, "here.internal")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8080/", "http://LOCALHOST/", "http://2130706433/", "http://0x7f.1/",
        "http://0x7f000001/", "http://017700000001/", "http://0177.0.0.01/", "http://127.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://0/", "http://user@10.0.0.1:443/x?y#z",
        "amqps://10.0.0.1/vhost", "http://2852039166/", "http://0xa83f8110/",
    ],
)  # fmt: skip
def test_what_is_written_as_a_local_address_is_refused_before_any_name_server_is_asked(url: str) -> None:
    assert "MIH_ALLOWED_NETWORKS" in (CLOSED.check_written(url) or "")


@pytest.mark.parametrize("url", ["https://erp.example.org/api", "http://93.184.216.34/"])
def test_what_only_a_name_server_can_tell_is_not_judged_from_the_writing(url: str) -> None:
    assert CLOSED.check_written(url) is None


def _spellings(ip: IPv4Address) -> Iterator[str]:
    """An address in every way of writing that a system's resolver takes for it."""
    number, (a, b, c, d) = int(ip), ip.packed
    yield from (str(ip), str(number), hex(number), f"0{number:o}", f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{c << 8 | d}")
    yield from (".".join(map(hex, ip.packed)), ".".join(f"0{part:o}" for part in ip.packed), f"{a:#x}.{b}.0{c:o}.{d}")


def _disguises(ip: IPv4Address) -> Iterator[str]:
    """IPv6 addresses that end at an IPv4 one."""
    high, low = int(ip) >> 16, int(ip) & 0xFFFF
    yield from (f"::ffff:{ip}", f"64:ff9b::{ip}", f"2002:{high:x}:{low:x}::1")
    yield from (f"2a00:1450::5efe:{ip}", f"2a00:1450::200:5efe:{ip}", f"64:ff9b:1::{ip}")


NOT_GLOBAL = st.sampled_from(
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "100.100.100.200/32",
    ]
).flatmap(lambda network: st.ip_addresses(network=IPv4Network(network)))  # fmt: skip
GLOBAL = st.ip_addresses(v=4, network="1.0.0.0/8") | st.ip_addresses(v=4, network="93.0.0.0/8")


@given(NOT_GLOBAL)
def test_every_address_that_is_not_the_publics_is_refused_however_it_is_spelt(ip: IPv4Address) -> None:
    for spelling in _spellings(ip):
        assert "MIH_ALLOWED_NETWORKS" in (CLOSED.check_written(f"https://{spelling}/") or ""), spelling


@given(NOT_GLOBAL)
def test_every_address_that_is_not_the_publics_is_refused_in_every_disguise(ip: IPv4Address) -> None:
    for disguise in _disguises(ip):
        with pytest.raises(DestinationRefused):
            CLOSED.check(disguise, "db.internal")


@given(GLOBAL)
def test_every_public_address_passes_however_it_is_spelt(ip: IPv4Address) -> None:
    assert [CLOSED.check_written(f"https://{spelling}/") for spelling in _spellings(ip)] == [None] * 9
    # All but the last, which only its own network can read.
    for disguise in list(_disguises(ip))[:-1]:
        CLOSED.check(disguise, "example.org")


@given(st.ip_addresses(v=4, network="10.1.0.0/16"))
def test_what_is_allowed_is_allowed_however_it_is_spelt(ip: IPv4Address) -> None:
    assert {OPENED.check_written(f"https://{spelling}/") for spelling in _spellings(ip)} == {None}
