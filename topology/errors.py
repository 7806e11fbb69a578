"""What can go wrong between the topology as data and a broker.

    TopologyError
    ├── ArgumentsDiffer          the broker has an exchange or a queue of that name, made otherwise
    ├── BrokerAway               RabbitMQ is not reached, or refuses us
    └── ManagementAway           its management API is not reached, or refuses us

No message holds a password.
"""

from dataclasses import dataclass

#: Arguments are immutable for RabbitMQ: there is one way to change them.
REMADE_QUEUE = "drain the queue, delete it, then run `mih topology apply`"
REMADE_EXCHANGE = "delete the exchange, then run `mih topology apply`; what others bound to it they must bind again"


class TopologyError(Exception):
    """The root: whoever catches it gets every error that this room raises on purpose."""


class BrokerAway(TopologyError):
    """RabbitMQ is not reached, or does not let us do what we must."""


class ManagementAway(TopologyError):
    """RabbitMQ's management API is not reached, or does not let us look."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument that is not what it should be: the first that RabbitMQ names."""

    kind: str
    name: str
    argument: str
    expected: str
    found: str

    def __str__(self) -> str:
        remade = REMADE_QUEUE if self.kind == "queue" else REMADE_EXCHANGE
        return (
            f"{self.kind} {self.name}: {self.argument} is {self.found}, expected {self.expected}; "
            f"it cannot be changed in place: {remade}"
        )


class ArgumentsDiffer(TopologyError):
    """Exchanges or queues exist with other arguments; all others were declared."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        super().__init__("\n".join(map(str, differences)))
        self.differences = differences
