"""On a new machine there is no database: who only looks does not make it, and what needs none of it goes on."""

import asyncio
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.revise import plan_files
from pipeline.cli.topology import register
from pipeline.registry import RevisionStore
from pipeline.settings import Settings

REGISTRY = "{version: 1, services: {erp: {transport: rest, url: 'https://erp.example.org/'}}}"


async def test_a_plan_finds_that_all_is_new_and_makes_no_database(tmp_path: Path) -> None:
    file, folder = tmp_path / "hub.yaml", tmp_path / "state"
    file.write_text(REGISTRY)
    settings = Settings.model_validate({"state_dir": folder})
    async with RevisionStore.open(settings.effective_database_url()) as store:
        planned = await plan_files(store, [file], settings)
    assert (planned.base, [(one.action, one.name) for one in planned.changes]) == (0, [("added", "erp")])
    assert not folder.exists()


async def test_the_topology_without_services_is_declared_and_that_none_are_known_is_told(
    amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIH_AMQP_URL", amqp_url)
    monkeypatch.setenv("MIH_DATABASE_URL", f"sqlite:///{tmp_path}/state/mih.db")
    app = typer.Typer()
    register(app)
    run = await asyncio.to_thread(CliRunner().invoke, app, ["topology", "apply"])
    assert run.exit_code == 0
    assert "No queues of services, for the database sqlite" in run.stdout
    assert not (tmp_path / "state").exists()
