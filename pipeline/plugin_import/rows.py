"""The plugin's services and rules as types, read from rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.plugin_import.cells import Cells
from pipeline.plugin_import.place import Place, PluginErrors, Problem
from pipeline.plugin_import.tables import Row, Tables


@dataclass(frozen=True, slots=True)
class PluginService:
    """A row of the plugin's services; times are in seconds."""

    place: Place
    id: int
    name: str
    type: str
    base_url: str
    auth_type: str
    auth_token: str
    timeout: int
    max_retries: int
    retry_backoff: int
    cb_failure_threshold: int
    cb_cooldown: int
    response_queue: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class PluginRule:
    """A row of the plugin's rules; `id` is 0 where the export has none."""

    place: Place
    id: int
    eventname: str
    serviceid: int
    endpoint: str
    http_method: str
    payload_template: str
    is_enabled: bool


def read_rows(tables: Tables) -> tuple[list[PluginService], list[PluginRule]]:
    """Read all rows.

    Raises PluginErrors with everything that is wrong in them.
    """
    problems: list[Problem] = []
    services = [_service(row.place, Cells(row, problems)) for row in tables.services]
    rules = [_rule(row, Cells(row, problems)) for row in tables.rules]
    problems += _repeated((service.place, service.id) for service in services)
    problems += _repeated((rule.place, rule.id) for rule in rules if rule.id)
    if rules and not services:
        problems.append(Problem(rules[0].place, "serviceid", "found no table of services, expected it in a file too"))
    if problems:
        raise PluginErrors(problems)
    return services, rules


def _service(place: Place, cells: Cells) -> PluginService:
    return PluginService(
        place=place,
        id=cells.whole("id"),
        name=cells.needed("name").strip(),
        type=cells.text("type").strip().lower() or "rest",
        base_url=cells.needed("base_url").strip(),
        auth_type=cells.text("auth_type").strip().lower() or "bearer",
        auth_token=cells.text("auth_token").strip(),
        timeout=cells.whole("timeout", 5),
        max_retries=cells.whole("max_retries", 3),
        retry_backoff=cells.whole("retry_backoff", 1),
        cb_failure_threshold=cells.whole("cb_failure_threshold", 5),
        cb_cooldown=cells.whole("cb_cooldown", 30),
        response_queue=cells.text("response_queue"),
        is_enabled=cells.flag("enabled"),
    )


def _rule(row: Row, cells: Cells) -> PluginRule:
    return PluginRule(
        place=row.place,
        id=cells.whole("id", 0),
        eventname=cells.needed("eventname"),
        serviceid=cells.whole("serviceid"),
        endpoint=cells.text("endpoint").strip(),
        http_method=cells.text("http_method").strip().upper() or "POST",
        payload_template=cells.text("payload_template"),
        is_enabled=cells.flag("enabled"),
    )


def _repeated(ids: Iterable[tuple[Place, int]]) -> Sequence[Problem]:
    first: dict[int, Place] = {}
    return [
        Problem(place, "id", f"found {number} twice, first in {first[number]}, expected once")
        for place, number in ids
        if first.setdefault(number, place) != place
    ]
