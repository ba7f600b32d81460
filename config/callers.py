"""The caller's address, once, for every limit that counts by it and every line that names it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

# A subscriber of IPv6 has a whole network of addresses.
IPV6_SUBSCRIBER_BITS = 64
# Callers without a readable address count together.
UNKNOWN_CALLER = "0.0.0.0"  # noqa: S104 - nothing listens there
# Where IPv4 reaches an IPv6-only server by translation (RFC 6052, RFC 7915, RFC 8215), all of it has one such network.
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")))

Address = IPv4Address | IPv6Address


def caller_address(request: HttpRequest) -> str:
    """Return the address that a caller counts under: of IPv6 the subscriber's network, by its first address.

    NUM_PROXIES says which entry of X-Forwarded-For to believe. An entry that is no address counts as the proxy that
    wrote it, so that nobody gets a limit of his own by writing something new each time.
    """
    named = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # It reads headers alone.
    for text in (named, request.META.get("REMOTE_ADDR")):
        if (address := read_address(text or "")) is not None:
            return str(_subscriber_of(address))
    return UNKNOWN_CALLER


def read_address(text: str) -> Address | None:
    """Read an address as proxies write it: with a port, brackets, quotes, spaces or a zone; None if it is none."""
    bare = text.strip().strip('"').strip()
    if bare.startswith("["):
        bare, _, port = bare[1:].partition("]")
        if port and not _is_port(port):
            return None
    elif bare.count(":") == 1:
        bare, _, port = bare.partition(":")
        if not _is_port(f":{port}"):
            return None
    try:
        return ip_address(bare.partition("%")[0])
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isdigit()


def _subscriber_of(address: Address) -> Address:
    """Return the IPv4 address that stands in an IPv6 one, else the first address of the subscriber's network."""
    if isinstance(address, IPv4Address):
        return address
    if (carried := _carried_by(address)) is not None:
        return carried
    return IPv6Network((address, IPV6_SUBSCRIBER_BITS), strict=False).network_address


def _carried_by(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    # A 6to4 subscriber has a network of /48, and everybody at one Teredo server the same /64.
    _, teredo_client = address.teredo or (None, None)
    return address.ipv4_mapped or address.sixtofour or teredo_client
