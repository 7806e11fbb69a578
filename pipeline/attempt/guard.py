"""Which addresses may be sent to: the public ones, and what `MIH_ALLOWED_NETWORKS` opens.

A rule's author must not reach the hub's own neighbours (a metadata service, a database) through it. So a name is
resolved once, every address it has is checked, and the connection goes to an address that was checked.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from pipeline.errors import DestinationRefused


@dataclass(frozen=True, slots=True)
class Guard:
    """The networks that are allowed beside the public addresses."""

    allowed: Sequence[IPv4Network | IPv6Network] = ()

    def check(self, address: str, host: str) -> None:
        """Let an IP address pass, or say why not.

        Raises DestinationRefused with the setting that would allow it.
        """
        ip = _unwrapped(ip_address(address.partition("%")[0]))
        public = ip.is_global and not ip.is_multicast
        if not public and not any(ip in network for network in self.allowed):
            shown = str(ip) if host == str(ip) else f"{host} ({ip})"
            raise DestinationRefused(
                f"{shown} is a private or local address: MIH_ALLOWED_NETWORKS must list it, for example {_network(ip)}"
            )

    def check_written(self, url: str) -> str | None:
        """What is wrong with a written address, as far as it can be told without asking a name server."""
        host = urlsplit(url).hostname or ""
        try:
            # The loopback's name is the one that needs no name server; numbers may be written in odd ways (2130706433).
            for *_, address in socket.getaddrinfo("127.0.0.1" if host == "localhost" else host, None, flags=_NUMERIC):
                self.check(str(address[0]), host)
        except socket.gaierror:
            return None
        except UnicodeError:
            return f"{host} is no name that can be looked up: a part of it is empty or too long"
        except DestinationRefused as refused:
            return str(refused)
        return None


_NUMERIC = socket.AI_NUMERICHOST
#: IPv6 whose last 32 bits are the IPv4 address that is reached: mapped, NAT64 (RFC 6052), and the compatible of old.
_ENDING_IN_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))


class GuardedResolver(AbstractResolver):
    """A name server's answers, each checked."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._resolver = ThreadedResolver(asyncio.get_running_loop())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve and check.

        Raises DestinationRefused when any of the addresses is not allowed.
        """
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            self._guard.check(result["host"], host)
        return found

    async def close(self) -> None:
        """Nothing is held."""


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if any(ip in network for network in _ENDING_IN_IPV4):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.sixtofour or ip


def _network(ip: IPv4Address | IPv6Address) -> str:
    if ip.is_loopback:
        return "127.0.0.0/8" if ip.version == 4 else "::1/128"  # noqa: PLR2004 - IP's version
    return f"{ip}/{ip.max_prefixlen}"
