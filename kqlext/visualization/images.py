"""Charts as image files and as the picture in a notebook, made by vl-convert, or by kaleido in a Chrome.

vl-convert holds Vega-Lite and a JavaScript engine of its own; it needs no browser, and a specification of ``vega_lite``
gives it nothing to fetch. kaleido draws plotly's very picture of every chart, and needs a Chrome.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kqlext.errors import KqlConversionError
from kqlext.text import listing, one_line
from kqlext.visualization.vega_lite import Spec, resized

ENGINES = ("vl-convert", "kaleido")
MOST_BYTES = 200_000  # of the picture in a notebook
_VL_CONVERT_FORMATS = ("png", "svg", "pdf", "jpeg", "jpg")
_OPTIONS = ("width", "height", "scale")
_HINT = "%pip install kqlext[image], or kqlext[kaleido] where Chrome or Chromium is at hand"


def picture(spec: Spec) -> tuple[bytes | None, str]:
    """The chart as PNG, without background; or None and why, which is empty where vl-convert is not there."""
    vl_convert = _vl_convert()
    if vl_convert is None:
        return None, ""
    try:
        made = _smaller(vl_convert.vegalite_to_png(spec, vl_version=_version(vl_convert), allowed_base_urls=[]))
    except ValueError as error:  # the chart is in the bundle in other forms
        return None, f"no picture: {one_line(str(error).strip())[:80]}"
    if len(made) > MOST_BYTES:
        return None, f"no picture, it would be {len(made) // 1_000:,} kB"
    return made, ""


def write(
    figure: Callable[[], Any], spec: Spec | None, path: str, format: str | None, engine: str | None,
    options: Mapping[str, Any],
) -> str:  # fmt: skip
    """Write a chart to a file, on white, and give its path.

    Args:
        figure: makes the ``plotly.graph_objects.Figure``, for kaleido.
        spec: its Vega-Lite, where it has one.
        format: png, svg, pdf, jpeg; webp with kaleido; None for the end of the path.
        engine: vl-convert or kaleido; None for the first that can.
        options: ``width`` and ``height`` in pixels, ``scale``.

    Raises:
        KqlConversionError: what writes it is not there, or does not know the format or an option.
    """
    if engine not in (None, *ENGINES):
        raise KqlConversionError(
            f"engine cannot be {engine!r}.", hint=f"{' or '.join(ENGINES)}; without it the first that can"
        )
    if unknown := [name for name in options if name not in _OPTIONS]:
        raise KqlConversionError(f"There is no option {listing(unknown)}.", hint="width and height in pixels, scale")
    for name, value in options.items():
        if value is not None and not (isinstance(value, (int, float)) and 0 < value <= 20_000):
            raise KqlConversionError(f"{name} cannot be {value!r}: it takes a number above 0.")
    wanted = {name: value for name, value in options.items() if value is not None}
    form = (format or Path(path).suffix[1:]).lower()
    can = spec is not None and _vl_convert() is not None and form in _VL_CONVERT_FORMATS
    if engine == "vl-convert" or (engine is None and (can or not _is_there("kaleido"))):
        data = _converted(spec, form, wanted)
        try:
            Path(path).write_bytes(data)
        except OSError as error:
            raise KqlConversionError(f"{path} cannot be written: {error.strerror or error}") from None
        return path
    return _by_kaleido(figure(), path, format, wanted)


def _converted(spec: Spec | None, form: str, options: Mapping[str, Any]) -> bytes:
    vl_convert = _vl_convert()
    if vl_convert is None:
        raise KqlConversionError("No chart can be written without vl-convert or kaleido.", hint=_HINT)
    if spec is None:
        raise KqlConversionError(
            "vl-convert cannot draw this chart: its kind or layout is plotly's own.", hint=f"kaleido can: {_KALEIDO}"
        )
    if form not in _VL_CONVERT_FORMATS:
        text = f"vl-convert does not write {one_line(form)!r}." if form else "The path does not end in a format."
        raise KqlConversionError(text, hint="formats are png, svg, pdf and jpeg; webp with kaleido")
    sized = resized(spec, _whole(options.get("width")), _whole(options.get("height")))
    sized = {**sized, "config": {**sized["config"], "background": "white"}}
    convert = getattr(vl_convert, f"vegalite_to_{'jpeg' if form == 'jpg' else form}")
    scale = {"scale": float(options["scale"])} if "scale" in options and form != "svg" else {}
    try:
        made = convert(sized, vl_version=_version(vl_convert), allowed_base_urls=[], **scale)
    except ValueError as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise KqlConversionError(
            f"The image cannot be made: {one_line(first)}", hint=f"kaleido may: {_KALEIDO}"
        ) from None
    return made.encode() if isinstance(made, str) else _smaller(made) if form == "png" else made


_KALEIDO = "%pip install kqlext[kaleido], to_image(..., engine='kaleido')"


def _by_kaleido(figure: Any, path: str, format: str | None, options: Mapping[str, Any]) -> str:
    if not _is_there("kaleido"):
        raise KqlConversionError(
            "kaleido is not installed.", hint="%pip install kqlext[kaleido]; it needs Chrome or Chromium"
        )
    if figure.layout.paper_bgcolor == "rgba(0,0,0,0)":
        figure.update_layout(paper_bgcolor="white")
    try:
        figure.write_image(path, format=format, **options)
    except (ValueError, RuntimeError, ImportError, OSError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        hint = "kaleido needs Chrome or Chromium; formats are png, jpeg, webp, svg and pdf"
        raise KqlConversionError(f"The image cannot be written: {one_line(first)}", hint=hint) from None
    return path


def _vl_convert() -> Any:
    try:
        import vl_convert
    except ImportError:
        return None
    return vl_convert


def _is_there(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def _version(vl_convert: Any) -> str:
    """The newest Vega-Lite 5 that it holds."""
    versions = [tuple(map(int, version.split("."))) for version in vl_convert.get_vegalite_versions()]
    return ".".join(map(str, max(version for version in versions if version[0] == 5)))


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


# --- PNG ---------------------------------------------------------------------------------------------------
# vl-convert compresses in haste; deflated again, a chart is about a fifth. Format: https://www.w3.org/TR/png/.

_SIGNATURE = 8


def _smaller(png: bytes) -> bytes:
    """The same picture, compressed well."""
    chunks = list(_chunks(png))
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    first = next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    rest = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    rest.insert(first, (b"IDAT", zlib.compress(pixels, 6)))
    return png[:_SIGNATURE] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in rest
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = _SIGNATURE
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        yield png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        position += 12 + length
