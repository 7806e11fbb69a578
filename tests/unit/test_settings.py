import json
import os
from pathlib import Path

import pytest

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
        ("MIH_ALLOWED_NETWORKS", "10.0.0.0/8, everything"),
        ("MIH_REPEAT_WINDOW", "24"),
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


def test_a_password_in_a_setting_is_never_told(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as told:
        load_settings(environ | {"MIH_AMQP_URL": "http://mih:hunter2@broker"})
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://mih:hunter2@broker:5672/vhost", "amqp://mih:***@broker:5672/vhost"),
        ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
        ("amqp://broker/", "amqp://broker/"),
        ("postgresql+asyncpg://mih:p%40ss@db/mih", "postgresql+asyncpg://mih:***@db/mih"),
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
