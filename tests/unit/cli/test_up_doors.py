"""Where the roles that `mih up` runs can be asked."""

import pytest

from pipeline.cli.up import health_doors, stages
from pipeline.errors import Misconfigured


@pytest.mark.parametrize(
    ("address", "doors"),
    [
        ("127.0.0.1:9464", ["127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9466"]),
        ("[::1]:65533", ["[::1]:65533", "[::1]:65534", "[::1]:65535"]),
        ("127.0.0.1:0", ["127.0.0.1:0"] * 3),
        ("", [""] * 3),
    ],
)
def test_each_role_has_a_port_of_its_own_from_the_one_that_is_named(address: str, doors: list[str]) -> None:
    assert health_doors(address, 3) == doors


def test_ports_that_do_not_suffice_are_refused() -> None:
    with pytest.raises(Misconfigured, match="MIH_HEALTH_ADDRESS: 3 roles take the ports from 65534 to 65536"):
        health_doors("127.0.0.1:65534", 3)


def test_no_two_children_are_asked_at_the_same_address() -> None:
    children = stages({"MIH_HEALTH_ADDRESS": "127.0.0.1:9464"})
    doors = [(child.environment or {})["MIH_HEALTH_ADDRESS"] for child in children]
    assert len(children) > 5
    assert len(set(doors)) == len(children)
