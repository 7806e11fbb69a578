"""Where a role can be asked, and when its watchdog ends it."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import Misconfigured
from pipeline.settings import host_and_port, load_settings


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"MIH_STATE_DIR": str(tmp_path)}


def test_a_role_listens_nowhere_unless_told_and_its_watchdog_bites_after_a_minute(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    assert (settings.health_address, settings.watchdog) == ("", timedelta(minutes=1))


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:9464", "127.0.0.1", 9464),
        ("localhost:0", "localhost", 0),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_to_listen_at_is_a_host_and_a_port(
    environ: dict[str, str], address: str, host: str, port: int
) -> None:
    assert load_settings(environ | {"MIH_HEALTH_ADDRESS": address}).health_address == address
    assert host_and_port(address) == (host, port)


@pytest.mark.parametrize(("limit", "seconds"), [("0s", 0), ("10s", 10), ("5m", 300)])
def test_a_watchdog_is_off_or_patient(environ: dict[str, str], limit: str, seconds: int) -> None:
    assert load_settings(environ | {"MIH_WATCHDOG": limit}).watchdog == timedelta(seconds=seconds)


def test_a_watchdog_that_would_bite_a_busy_process_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as told:
        load_settings(environ | {"MIH_WATCHDOG": "9s"})
    assert str(told.value) == "MIH_WATCHDOG: expected at least 10s, or 0s for none"


@pytest.mark.parametrize("address", ["9464", ":9464", "localhost", "localhost:", "localhost:x", "h:65536", "::1:9464"])
def test_what_is_no_address_is_told_with_what_was_expected(environ: dict[str, str], address: str) -> None:
    with pytest.raises(Misconfigured) as told:
        load_settings(environ | {"MIH_HEALTH_ADDRESS": address})
    assert str(told.value) == f"MIH_HEALTH_ADDRESS: expected host:port such as 127.0.0.1:9464, found {address!r}"
