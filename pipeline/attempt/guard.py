"""Which addresses may be sent to: the public ones, and what `MIH_ALLOWED_NETWORKS` opens.

A rule's author must not reach the hub's own neighbours (a metadata service, a database) through it. So a name is
resolved once, every address it has is checked, and the connection goes to an address that was checked.

What is checked is what is reached: the IPv4 address that a translator or a tunnel takes out of an IPv6 one.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from pipeline.errors import DestinationRefused


@dataclass(frozen=True, slots=True)
class Guard:
    """The networks that are allowed beside the public addresses."""

    allowed: Sequence[IPv4Network | IPv6Network] = ()

    def check(self, address: str, host: str) -> None:
        """Let an IP address pass, or say why not.

        Raises DestinationRefused with the setting that would allow it.
        """
        for ip in _reached(ip_address(address.partition("%")[0])):
            if not self._allows(ip):
                shown = str(ip) if host == str(ip) else f"{host:.100} ({ip})"
                raise DestinationRefused(f"{shown} {_why(ip)}")

    def check_written(self, url: str) -> str | None:
        """What is wrong with a written address, as far as it can be told without asking a name server."""
        host = urlsplit(url).hostname or ""
        # The loopback's name is the one that needs no name server. A zone is this machine's, or of no machine at all.
        meant = "127.0.0.1" if host == "localhost" else host.partition("%")[0] if ":" in host else host
        try:
            # Numbers may be written in odd ways (2130706433).
            for *_, address in socket.getaddrinfo(meant, None, flags=_NUMERIC):
                self.check(str(address[0]), host)
        except socket.gaierror:
            return None
        except UnicodeError:
            return f"{host:.100} is no name that can be looked up: a part of it is empty or too long"
        except DestinationRefused as refused:
            return str(refused)
        return None

    def _allows(self, ip: IPv4Address | IPv6Address) -> bool:
        # Who lists a whole network means the neighbours in it, not what hands out its machine's own credentials.
        if ip in _METADATA:
            return any(ip in network and network.num_addresses == 1 for network in self.allowed)
        return _is_public(ip) or any(ip in network for network in self.allowed)


_NUMERIC = socket.AI_NUMERICHOST
#: Where clouds tell a machine its credentials; Azure's looks public, Alibaba's and Oracle's older one nearly so.
_METADATA = frozenset(
    map(
        ip_address,
        (
            *("169.254.169.254", "fd00:ec2::254", "fe80::a9fe:a9fe"),  # AWS, GCP, Azure, OpenStack and most others
            *("169.254.170.2", "169.254.170.23", "fd00:ec2::23"),  # AWS, to containers
            *("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd20:ce::254"),  # Azure, Alibaba, Oracle, GCP
        ),
    )
)
#: IPv6 whose last 32 bits are the IPv4 address that is reached: mapped, NAT64 (RFC 6052), and the compatible of old.
_ENDING_IN_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
#: All of IPv6 that is given out to the public; local NAT64 (64:ff9b:1::/48) and site-local (fec0::) are outside.
_GIVEN_OUT = IPv6Network("2000::/3")
#: Not the public's, though not every Python's tables say so: protocol assignments, 6to4's relays, documentation.
_NOT_PUBLIC = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
#: The third quarter of an ISATAP address, before its IPv4 address (RFC 5214).
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def _reached(ip: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    last = IPv4Address(int(ip) & 0xFFFF_FFFF)
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        yield ip
    elif any(ip in network for network in _ENDING_IN_IPV4):
        yield last
    else:
        yield ip.sixtofour or ip
        if int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP:
            yield last


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    given_out = ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)
    return given_out and (isinstance(ip, IPv4Address) or ip in _GIVEN_OUT)


def _why(ip: IPv4Address | IPv6Address) -> str:
    if ip in _METADATA:
        whole = f"MIH_ALLOWED_NETWORKS must list this very address, {_network(ip)}"
        return f"is a metadata address, where a machine learns its credentials: {whole}"
    return f"is a private or local address: MIH_ALLOWED_NETWORKS must list it, for example {_network(ip)}"


def _network(ip: IPv4Address | IPv6Address) -> str:
    if ip.is_loopback:
        return "127.0.0.0/8" if ip.version == 4 else "::1/128"  # noqa: PLR2004 - IP's version
    return f"{ip}/{ip.max_prefixlen}"
