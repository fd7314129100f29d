"""IPv4 and IPv6 addresses. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("IPv4/IPv6 functions").
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kqlext.services.local_functions.rows import Function

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ADDRESS = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IPV4 = re.compile(rf"\s*({_OCTET})\.({_OCTET})\.({_OCTET})\.({_OCTET})(?:/(3[0-2]|[12]?\d))?\s*", re.ASCII)
_IN_TEXT = re.compile(rf"(?<![0-9A-Za-z])(?<!\d\.)({_ADDRESS})(?![0-9A-Za-z])(?!\.\d)", re.ASCII)
_IPV4_PREFIX = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{0,2}}\.", re.ASCII)
_MAPPED = 0xFFFF << 32  # where IPv6 has the addresses of IPv4


def ipv4(text: str) -> tuple[int, int] | None:
    """The number of an address and how many of its bits count, or None where it is none."""
    found = _IPV4.fullmatch(text)
    if found is None:
        return None
    first, second, third, fourth, length = found.groups()
    number = int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)
    return number, 32 if length is None else int(length)


# Every row asks with the same few networks.
_network = functools.lru_cache(maxsize=256)(ipv4)


def ipv6(text: str) -> tuple[int, int] | None:
    """The same of an IPv6 address; one of IPv4 is read as IPv6 writes it."""
    if (old := ipv4(text)) is not None:
        return _MAPPED | old[0], old[1] + 96
    address, slash, suffix = text.strip().partition("/")
    if slash and not (suffix.isascii() and suffix.isdecimal() and int(suffix) <= 128):
        return None
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    return None if found.scope_id else (int(found), int(suffix) if slash else 128)


_FAMILIES = {32: ipv4, 128: ipv6}


def _order(bits: int, one: str, other: str, prefix: int | None) -> int | None:
    """-1, 0 or 1 for two addresses of which as many bits count as the smallest of the prefixes says."""
    read = _FAMILIES[bits]
    first, second = read(one), read(other)
    if first is None or second is None or (prefix is not None and not 0 <= prefix <= bits):
        return None
    shift = bits - min(first[1], second[1], bits if prefix is None else prefix)
    left, right = first[0] >> shift, second[0] >> shift
    return (left > right) - (left < right)


def _match(bits: int, one: str, other: str, prefix: int | None) -> bool | None:
    order = _order(bits, one, other, prefix)
    return None if order is None else order == 0


def _in_range(bits: int, address: str, network: str) -> bool | None:
    inside, around = _FAMILIES[bits](address), (_network if bits == 32 else ipv6)(network)
    return None if inside is None or around is None else _is_within(bits, inside, around)


def _is_within(bits: int, inside: tuple[int, int], around: tuple[int, int]) -> bool:
    shift = bits - around[1]
    return inside[1] >= around[1] and inside[0] >> shift == around[0] >> shift


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """The texts of arguments that are texts or arrays of texts."""
    for value in values:
        if isinstance(value, list):
            yield from _texts(value)
        elif isinstance(value, str):
            yield value


def _in_any_range(bits: int, address: str, networks: list[Any]) -> bool | None:
    if _FAMILIES[bits](address) is None:
        return None
    return any(_in_range(bits, address, network) for network in _texts(networks))


_PRIVATE = ((10 << 24, 8), (172 << 24 | 16 << 16, 12), (192 << 24 | 168 << 16, 16))


def _is_private(address: str) -> bool | None:
    found = ipv4(address)
    return None if found is None else any(_is_within(32, found, network) for network in _PRIVATE)


def _netmask_suffix(address: str) -> int | None:
    found = ipv4(address)
    return None if found is None else found[1]


def _masked(address: Any, prefix: int | None) -> tuple[int, int] | None:
    """The number of an address (a text, or itself a number) with only the bits that count, and their number."""
    if isinstance(address, bool) or (prefix is not None and not 0 <= prefix <= 32):
        return None
    if isinstance(address, int):
        found = (address, 32) if 0 <= address < 2**32 else None
    else:
        found = ipv4(address) if isinstance(address, str) else None
    if found is None:
        return None
    length = min(found[1], 32 if prefix is None else prefix)
    shift = 32 - length
    return found[0] >> shift << shift, length


def _format(address: Any, prefix: int | None) -> str:
    found = _masked(address, prefix)
    return "" if found is None else str(ipaddress.IPv4Address(found[0]))


def _format_mask(address: Any, prefix: int | None) -> str:
    found = _masked(address, prefix)
    return "" if found is None else f"{ipaddress.IPv4Address(found[0])}/{found[1]}"


def _parse_ipv4_mask(address: str, prefix: int) -> int | None:
    found = _masked(address, prefix)
    return None if found is None else found[0]


def _parse_ipv6_mask(address: str, prefix: int) -> str:
    found = ipv6(address)
    if found is None or not 0 <= prefix <= 128:
        return ""
    shift = 128 - min(found[1], prefix)
    return ipaddress.IPv6Address(found[0] >> shift << shift).exploded


def _cidr_list(start: str, end: str) -> list[str] | None:
    first, last = ipv4(start), ipv4(end)
    if first is None or last is None or first[0] > last[0]:
        return None
    ends = ipaddress.IPv4Address(first[0]), ipaddress.IPv4Address(last[0])
    return [str(network) for network in ipaddress.summarize_address_range(*ends)]


def _has(text: str, *addresses: str) -> bool:
    wanted = {address for address in addresses if _IPV4.fullmatch(address) and "/" not in address}
    return bool(wanted) and any(found in wanted for found in _IN_TEXT.findall(text))


def _has_prefix(text: str, *prefixes: str) -> bool:
    begins = tuple(prefix for prefix in prefixes if _IPV4_PREFIX.fullmatch(prefix))
    return _has(text, *prefixes) or (bool(begins) and any(found.startswith(begins) for found in _IN_TEXT.findall(text)))


FUNCTIONS = (
    Function("ipv4_is_private", "text", python=_is_private, returns="bool"),
    Function("ipv4_is_in_range", "text text", python=lambda a, n: _in_range(32, a, n), returns="bool"),
    Function("ipv4_is_in_any_range", "text dynamic*", python=lambda a, n: _in_any_range(32, a, n), returns="bool"),
    Function("ipv4_is_match", "text text long?", python=lambda a, b, p: _match(32, a, b, p), returns="bool"),
    Function("ipv4_compare", "text text long?", python=lambda a, b, p: _order(32, a, b, p), returns="long"),
    Function("ipv4_netmask_suffix", "text", python=_netmask_suffix, returns="long"),
    Function("ipv4_range_to_cidr_list", "text text", python=_cidr_list, returns="dynamic"),
    Function("parse_ipv4_mask", "text long", python=_parse_ipv4_mask, returns="long"),
    Function("format_ipv4", "dynamic long?", python=_format, returns="text"),
    Function("format_ipv4_mask", "dynamic long?", python=_format_mask, returns="text"),
    Function("has_ipv4", "text text", python=_has, returns="bool"),
    Function("has_any_ipv4", "text dynamic*", python=lambda t, a: _has(t, *_texts(a)), returns="bool"),
    Function("has_ipv4_prefix", "text text", python=_has_prefix, returns="bool"),
    Function("has_any_ipv4_prefix", "text dynamic*", python=lambda t, a: _has_prefix(t, *_texts(a)), returns="bool"),
    Function("ipv6_is_in_range", "text text", python=lambda a, n: _in_range(128, a, n), returns="bool"),
    Function("ipv6_is_in_any_range", "text dynamic*", python=lambda a, n: _in_any_range(128, a, n), returns="bool"),
    Function("ipv6_is_match", "text text long?", python=lambda a, b, p: _match(128, a, b, p), returns="bool"),
    Function("ipv6_compare", "text text long?", python=lambda a, b, p: _order(128, a, b, p), returns="long"),
    Function("parse_ipv6_mask", "text long", python=_parse_ipv6_mask, returns="text"),
)
