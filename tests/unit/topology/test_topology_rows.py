import json
from dataclasses import asdict

import pytest

from topology.entities import topology_of
from topology.show import rows

ROWS = {(row.name, row.kind): row for row in rows(topology_of(["erp"]))}


@pytest.mark.parametrize(
    ("name", "kind", "short", "bindings"),
    [
        ("mih.events", "topic exchange", "else mih.unroutable", ()),
        ("mih.control", "fanout exchange", "", ()),
        ("mih.ingest", "quorum queue", "dead to mih.dlx invalid · at most 1,000 deliveries", ("mih.events #",)),
        ("mih.delay.due", "topic exchange", "else mih.unroutable", ("mih.delay.00 " + "*." * 19 + "0.#",)),
        (
            "mih.delay.18",
            "quorum queue",
            "after 262144 s · dead to mih.delay.17 · at most 2,000,000,000 deliveries",
            ("mih.delay.18 *.1.#",),
        ),
        (
            "mih.service.erp",
            "quorum queue",
            "dead to mih.dlx erp · at most 1,000 deliveries",
            ("mih.services erp", "mih.delay.due #.erp"),
        ),
        ("mih.unroutable", "quorum queue", "at most 2,000,000,000 deliveries", ("mih.unroutable",)),
    ],
)
def test_a_row_says_what_it_is_and_from_where_it_gets_what(
    name: str, kind: str, short: str, bindings: tuple[str, ...]
) -> None:
    row = ROWS[name, kind]
    assert (row.short, row.bindings) == (short, bindings)


def test_rows_become_json_with_the_arguments_as_rabbitmq_has_them() -> None:
    told = json.loads(json.dumps(asdict(ROWS["mih.dlq.erp", "quorum queue"])))
    assert told["arguments"]["x-delivery-limit"] == 2_000_000_000
