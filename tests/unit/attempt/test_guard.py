from ipaddress import ip_network

import pytest

from pipeline.attempt.guard import Guard
from pipeline.errors import DestinationRefused

CLOSED = Guard()
OPENED = Guard((ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("::1/128")))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_public_address_passes(address: str) -> None:
    CLOSED.check(address, "example.org")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1",
    ],
)  # fmt: skip
def test_a_private_or_local_address_is_refused_with_the_setting_that_allows_it(address: str) -> None:
    with pytest.raises(DestinationRefused, match="MIH_ALLOWED_NETWORKS"):
        CLOSED.check(address, "db.internal")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_an_address_in_an_allowed_network_passes(address: str) -> None:
    OPENED.check(address, "erp.internal")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://0/",
    ],
)
def test_what_is_written_as_a_local_address_is_refused_before_any_name_server_is_asked(url: str) -> None:
    assert "MIH_ALLOWED_NETWORKS" in (CLOSED.check_written(url) or "")


@pytest.mark.parametrize("url", ["https://erp.example.org/api", "http://93.184.216.34/"])
def test_what_only_a_name_server_can_tell_is_not_judged_from_the_writing(url: str) -> None:
    assert CLOSED.check_written(url) is None
