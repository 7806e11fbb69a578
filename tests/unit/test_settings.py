import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.cli import output
from pipeline.cli.settings import settings as list_settings
from pipeline.cli.up import known_to_other_terminals
from pipeline.errors import Misconfigured
from pipeline.settings import HUB_FILE, load_settings, load_settings_with_sources, redacted


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"MIH_STATE_DIR": str(tmp_path)}


def test_without_anything_set_the_defaults_are_in_force(environ: dict[str, str], tmp_path: Path) -> None:
    settings, sources = load_settings_with_sources(environ)
    assert settings.amqp_url == "amqp://guest:guest@127.0.0.1:5672/"
    assert settings.effective_database_url() == f"sqlite+aiosqlite:///{tmp_path}/mih.db"
    assert sources["amqp_url"] == "default"


def test_the_environment_comes_first(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / HUB_FILE).write_text(json.dumps({"pid": os.getpid(), "amqp_url": "amqp://hub/"}))
    settings, sources = load_settings_with_sources(environ | {"MIH_AMQP_URL": "amqp://mine/"})
    assert (settings.amqp_url, sources["amqp_url"]) == ("amqp://mine/", "environment")


def test_a_hub_that_runs_on_this_machine_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / HUB_FILE).write_text(json.dumps({"pid": os.getpid(), "amqp_url": "amqp://hub/"}))
    settings, sources = load_settings_with_sources(environ)
    assert (settings.amqp_url, sources["amqp_url"]) == ("amqp://hub/", "running hub")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 0}', '{"pid": 999999999, "amqp_url": "amqp://hub/"}'])
def test_a_hub_that_runs_no_more_is_not_believed(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    (tmp_path / HUB_FILE).write_text(text)
    assert load_settings(environ).amqp_url == "amqp://guest:guest@127.0.0.1:5672/"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MIH_AMQP_URL", "http://broker"),
        ("MIH_REDIS_URL", "localhost"),
        ("MIH_DATABASE_URL", "nonsense"),
        ("MIH_MANAGEMENT_URL", "broker:15672"),
        ("MIH_ALLOWED_NETWORKS", "10.0.0.0/8, everything"),
        ("MIH_REPEAT_WINDOW", "24"),
        ("MIH_REPEAT_WINDOW", "99999999999999d"),
        ("MIH_BODY_LIMIT", "0"),
        ("MIH_PREFETCH", "70000"),
        ("MIH_LOG_FORMAT", "xml"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(environ: dict[str, str], variable: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=variable):
        load_settings(environ | {variable: value})


def test_every_wrong_setting_is_told_at_once(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as told:
        load_settings(environ | {"MIH_BODY_LIMIT": "x", "MIH_PREFETCH": "y"})
    assert len(str(told.value).splitlines()) == 2


ADDRESSES = {
    "MIH_AMQP_URL": "amqp",
    "MIH_REDIS_URL": "redis",
    "MIH_MANAGEMENT_URL": "http",
    "MIH_DATABASE_URL": "postgresql",
}


@pytest.mark.parametrize(("variable", "scheme"), ADDRESSES.items())
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("mih:hunter2@host:port/x", "port"),
        ("mih:hunter2@host:99999/x", "port"),
        ("mih:hunter2@host:0", "port"),
        ("mih:hunter2/x@host/x", "percent-encoded"),
        ("mih:hunter2#x@host/x", "percent-encoded"),
        ("mih:hunter2?x@host/x", "percent-encoded"),
        ("mih:hunter2@x@host/x", "percent-encoded"),
        ("mih:hunter2[@host/x", "percent-encoded"),
        ("mih:12/hunter2@host/x", "percent-encoded"),
        ("mih:hunter2@host/x#y", "percent-encoded"),
        ("mih:hunter2@[::1/x", "percent-encoded"),
        ("mih:hunter2@[:::1]/x", "host"),
        ("mih:hunter2@ho st/x", "percent-encoded"),
        ("mih:hunter2@ho..st/x", "host"),
        ("mih:hunter2@ho<st/x", "host"),
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(
    environ: dict[str, str], variable: str, scheme: str, rest: str, said: str
) -> None:
    with pytest.raises(Misconfigured, match=f"^{variable}: .*{said}") as told:
        load_settings(environ | {variable: f"{scheme}://{rest}"})
    assert len(str(told.value).splitlines()) == 1
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(("variable", "scheme"), ADDRESSES.items())
@pytest.mark.parametrize("rest", ["h", "h:1", "u@h/", "u:p%40%2F%23%3F@h:65535/x?y=z", "u:a:b@[::1]:1/", ":p@h"])
def test_an_address_that_is_well_written_is_taken_as_it_is(
    environ: dict[str, str], variable: str, scheme: str, rest: str
) -> None:
    found = load_settings(environ | {variable: f"{scheme}://{rest}"})
    assert getattr(found, variable.removeprefix("MIH_").lower()) == f"{scheme}://{rest}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MIH_AMQP_URL", "amqps://broker/%2Fvhost?cafile=/etc/ca.pem"),
        ("MIH_REDIS_URL", "rediss://cache"),
        ("MIH_REDIS_URL", "redis:///0"),
        ("MIH_REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("MIH_REDIS_URL", "unix://u:p@/run/redis.sock"),
        ("MIH_MANAGEMENT_URL", "https://broker/rabbit"),
        ("MIH_DATABASE_URL", "postgresql+asyncpg:///mih?host=/run/postgresql"),
        ("MIH_DATABASE_URL", "sqlite:////home/me@work/a #1.db"),
        ("MIH_DATABASE_URL", "sqlite+aiosqlite:///mih.db"),
    ],
)
def test_every_kind_of_address_is_taken(environ: dict[str, str], variable: str, value: str) -> None:
    assert getattr(load_settings(environ | {variable: value}), variable.removeprefix("MIH_").lower()) == value


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("MIH_AMQP_URL", "http://mih:hunter2@broker", "expected an address that starts with amqp://"),
        ("MIH_AMQP_URL", "mih:hunter2@broker", "expected an address that starts with amqp://"),
        ("MIH_AMQP_URL", "amqp:///hunter2", "names no host"),
        ("MIH_MANAGEMENT_URL", "https://", "names no host"),
        ("MIH_MANAGEMENT_URL", "ftp://broker", "expected an address that starts with http://"),
        ("MIH_DATABASE_URL", "hunter2", "expected sqlite:///… or postgresql://…"),
        ("MIH_DATABASE_URL", "mih:hunter2@db", "expected sqlite:///… or postgresql://…"),
        ("MIH_DATABASE_URL", "mysql://mih:hunter2@db", "found mysql://, expected sqlite:///… or postgresql://…"),
        ("MIH_DATABASE_URL", "sqlite://hunter2.db", "expected sqlite:///…, with three slashes before the file"),
    ],
)
def test_what_was_expected_of_an_address_is_told(environ: dict[str, str], variable: str, value: str, told: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings(environ | {variable: value})
    assert str(refused.value) == f"{variable}: {told}"


def test_each_network_that_is_none_gets_its_line(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as told:
        load_settings(environ | {"MIH_ALLOWED_NETWORKS": "x, 10.0.0.0/8, 10.1.2.3/8, fd00::/200"})
    assert str(told.value).splitlines() == [
        "MIH_ALLOWED_NETWORKS: expected a network such as 10.0.0.0/8, found 'x'",
        "MIH_ALLOWED_NETWORKS: expected 10.0.0.0/8 (the network) or 10.1.2.3 (the address), found '10.1.2.3/8'",
        "MIH_ALLOWED_NETWORKS: expected a network such as 10.0.0.0/8, found 'fd00::/200'",
    ]


def test_a_single_address_is_a_network_of_one(environ: dict[str, str]) -> None:
    found = load_settings(environ | {"MIH_ALLOWED_NETWORKS": "10.1.2.3, ::1, 192.168.0.0/16"})
    assert list(map(str, found.allowed_networks)) == ["10.1.2.3/32", "::1/128", "192.168.0.0/16"]


def test_the_networks_that_a_hub_was_started_with_are_found_in_another_terminal(environ: dict[str, str]) -> None:
    started = load_settings(environ | {"MIH_ALLOWED_NETWORKS": "127.0.0.0/8, ::1"})
    with known_to_other_terminals(started):
        found, sources = load_settings_with_sources(environ)
    assert found.allowed_networks == started.allowed_networks
    assert list(map(str, found.allowed_networks)) == ["127.0.0.0/8", "::1/128"]
    assert sources["allowed_networks"] == "running hub"


def test_a_long_value_can_be_read_whole_in_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("long" * 30)
    shown = StringIO()
    monkeypatch.setenv("MIH_STATE_DIR", str(folder))
    monkeypatch.setattr(output, "console", Console(file=shown, width=80, force_terminal=True, color_system=None))
    list_settings()
    values = (line.split("│")[2].strip() for line in shown.getvalue().splitlines() if line.count("│") == 5)
    assert str(folder) in "".join(values)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://mih:hunter2@broker:5672/vhost", "amqp://mih:***@broker:5672/vhost"),
        ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
        ("amqp://broker/", "amqp://broker/"),
        ("amqp://mih@[::1]:5672/", "amqp://mih@[::1]:5672/"),
        ("amqp://m%40h:hunter2@broker/", "amqp://m%40h:***@broker/"),
        ("amqp://mih:hun:ter2@broker/", "amqp://mih:***@broker/"),
        ("postgresql+asyncpg://mih:p%40ss@db/mih", "postgresql+asyncpg://mih:***@db/mih"),
        ("sqlite+aiosqlite:////home/me@work/a #1.db?mode=ro", "sqlite+aiosqlite:////home/me@work/a #1.db"),
        ("unix://mih:hunter2@/run/redis.sock?password=hunter2", "unix://mih:***@/run/redis.sock"),
        ("amqp://h/?password=hunter2", "amqp://h/"),
        ("postgresql:///mih?password=hunter2", "postgresql:///mih"),
        ("mih:hunter2@broker", "***"),
        ("hunter2", "***"),
        ("", "***"),
        ("amqp://u:p@ss/w:ord#x@h", "amqp://***"),
        ("amqp://u:hunter2/x@h", "amqp://***"),
        ("amqp://u:12/hunter2@h", "amqp://***"),
        ("amqp://u:hunter2#x@h", "amqp://***"),
        ("amqp://u:hunter2?x@h", "amqp://***"),
        ("amqp://u:hunter2@x@h", "amqp://***"),
        ("amqp://u:hunter2", "amqp://***"),
        ("amqp:///u:hunter2@h", "amqp://***"),
        ("sqlite://u:hunter2@h/x", "sqlite://u:***@h/x"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redacted(url) == shown


@pytest.mark.parametrize(
    ("url", "management"),
    [
        ("amqp://mih:p%40ss@broker:5672/vhost", "http://mih:p%40ss@broker:15672"),
        ("amqp://broker", "http://broker:15672"),
        ("amqp://guest:guest@[::1]:5672/", "http://guest:guest@[::1]:15672"),
    ],
)
def test_the_management_api_is_expected_beside_the_broker(environ: dict[str, str], url: str, management: str) -> None:
    assert load_settings(environ | {"MIH_AMQP_URL": url}).effective_management_url() == management


@pytest.mark.parametrize("url", ["postgres://db/mih", "postgresql://db/mih", "postgresql+asyncpg://db/mih"])
def test_a_database_is_reached_by_an_asyncio_driver(environ: dict[str, str], url: str) -> None:
    settings = load_settings(environ | {"MIH_DATABASE_URL": url})
    assert settings.effective_database_url() == "postgresql+asyncpg://db/mih"


CLUSTER = "amqp://mih:hunter2@one/v, amqp://mih:hunter2,x@[::1]:5673/v,amqp://mih:hunter2@three/v"


def test_the_nodes_of_a_cluster_are_shown_without_their_passwords() -> None:
    assert redacted(CLUSTER) == "amqp://mih:***@one/v, amqp://mih:***@[::1]:5673/v, amqp://mih:***@three/v"


def test_each_node_of_a_cluster_may_answer_as_its_management_api(environ: dict[str, str]) -> None:
    found = load_settings(environ | {"MIH_AMQP_URL": CLUSTER})
    assert found.effective_management_url() == (
        "http://mih:hunter2@one:15672,http://mih:hunter2,x@[::1]:15672,http://mih:hunter2@three:15672"
    )


@pytest.mark.parametrize(
    ("urls", "told"),
    [
        ("amqp://u:hunter2@one/v,amqp://u:hunter2@two/w", "one virtual host"),
        ("amqp://u:hunter2@one/v,amqps://u:hunter2@two/v", "one scheme"),
        ("amqp://u:hunter2@one/v,http://u:hunter2@two/v", "starts with amqp://"),
        ("amqp://u:hunter2@one/v,amqp://u:hunter2@two:x/v", "port"),
        ("amqp://u:hunter2@one,", "host"),
        ("amqp://u:hunter2@one,u:hunter2@two", "percent-encoded"),
    ],
)
def test_what_cannot_be_one_cluster_is_told_without_its_password(environ: dict[str, str], urls: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=f"^MIH_AMQP_URL: .*{told}") as refused:
        load_settings(environ | {"MIH_AMQP_URL": urls})
    assert "hunter2" not in str(refused.value)


def test_one_virtual_host_may_be_written_in_several_ways(environ: dict[str, str]) -> None:
    urls = "amqp://one,amqp://two/,amqp://three/%2F"
    assert load_settings(environ | {"MIH_AMQP_URL": urls}).amqp_url == urls
