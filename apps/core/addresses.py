"""Where a request comes from: the address we believe, and the network failures are counted by."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# A household or a server is given a whole IPv6 /64; one caller can speak from each address in it.
_IPV6_CUSTOMER_BITS = 64
_NOWHERE = IPv4Address("127.0.0.1")


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; forwarded headers count only behind trusted proxies.

    Always one that PostgreSQL's `inet` takes; behind a Unix socket it is this machine's.
    """
    return str(_address(request))


def client_network(request: HttpRequest) -> str:
    """Return what failed attempts are counted by: the address, of IPv6 the first of its /64."""
    address = _address(request)
    if isinstance(address, IPv4Address):
        return str(address)
    network = ip_network((address, _IPV6_CUSTOMER_BITS), strict=False)
    return str(network.network_address)


def _address(request: HttpRequest) -> IPv4Address | IPv6Address:
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    proxies = settings.TRUSTED_PROXIES
    forwarded = hops[-proxies] if proxies and len(hops) >= proxies else ""
    return _read(forwarded) or _read(request.META.get("REMOTE_ADDR", "")) or _NOWHERE


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        # The zone behind % means something on one machine only, and `inet` refuses it.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
