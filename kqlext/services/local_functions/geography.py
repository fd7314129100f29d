"""Places on earth: distances and geohashes. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("Geospatial functions"); the radius of the
sphere is the one that the example of geo_distance_2points() was computed with.
"""

from __future__ import annotations

import math
from typing import Any

from kqlext.services.local_functions.rows import Function

_RADIUS = 6_371_010.0  # metres
_DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz"


def _is_place(longitude: float, latitude: float) -> bool:
    return -180 <= longitude <= 180 and -90 <= latitude <= 90


def _distance(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float | None:
    """Metres between two places on a sphere."""
    if not _is_place(longitude, latitude) or not _is_place(other_longitude, other_latitude):
        return None
    first, second = math.radians(latitude), math.radians(other_latitude)
    across = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * across
    return 2 * _RADIUS * math.asin(math.sqrt(min(half, 1.0)))


def _in_circle(*arguments: float) -> bool | None:
    *places, radius = arguments
    distance = _distance(*places) if 0 < radius < math.inf else None
    return None if distance is None else distance <= radius


def _geohash(longitude: float, latitude: float, accuracy: int | None) -> str:
    length = 5 if accuracy is None else accuracy
    if not _is_place(longitude, latitude) or not 1 <= length <= 18:
        return ""
    bounds, values = [[-180.0, 180.0], [-90.0, 90.0]], (longitude, latitude)
    number = 0
    for bit in range(5 * length):
        low, high = bounds[bit % 2]
        middle = (low + high) / 2
        above = values[bit % 2] >= middle
        number = number * 2 + above
        bounds[bit % 2] = [middle, high] if above else [low, middle]
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))


def _center(geohash: str) -> dict[str, Any] | None:
    """The middle of a geohash, as GeoJSON."""
    if not 1 <= len(geohash) <= 18 or not set(geohash.lower()) <= set(_DIGITS):
        return None
    bounds = [[-180.0, 180.0], [-90.0, 90.0]]
    bits = "".join(f"{_DIGITS.index(character):05b}" for character in geohash.lower())
    for place, bit in enumerate(bits):
        low, high = bounds[place % 2]
        bounds[place % 2] = [(low + high) / 2, high] if bit == "1" else [low, (low + high) / 2]
    return {"type": "Point", "coordinates": [(low + high) / 2 for low, high in bounds]}


FUNCTIONS = (
    Function("geo_distance_2points", "real real real real", python=_distance, returns="real"),
    Function("geo_point_in_circle", "real real real real real", python=_in_circle, returns="bool"),
    Function("geo_point_to_geohash", "real real long?", python=_geohash, returns="text"),
    Function("geo_geohash_to_central_point", "text", python=_center, returns="dynamic"),
)
