"""Texts as URLs, base64, compressed, punycode and code points. Pure.

Source: the pages of these functions in the Kusto Query Language reference ("String functions").
"""

from __future__ import annotations

import base64
import re
import urllib.parse
import uuid
import zlib
from collections.abc import Callable
from typing import Any

from kqlext.services.local_functions.rows import Function


def _or_null(function: Callable[[Any], Any], *errors: type[Exception]) -> Callable[[Any], Any]:
    """The function, with null for what it cannot read."""

    def read(value: Any) -> Any:
        try:
            return function(value)
        except errors:
            return None

    return read


def _codepoints(values: list[Any]) -> str:
    found = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return "".join(chr(item) for item in found if isinstance(item, int) and not 0xD800 <= item < 0xE000)


_UNRESERVED = "-_.!*()"


def _url_encoded(text: str, space: str) -> str:
    quoted = urllib.parse.quote(text, safe=_UNRESERVED).replace("~", "%7e").replace("%20", space)
    return re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _text_of_base64(text: str) -> str:
    """The text in UTF-8; empty where it is none."""
    try:
        return _decoded(text).decode()
    except ValueError:
        return ""


def _guid_of_base64(text: str) -> uuid.UUID:
    return uuid.UUID(bytes_le=_decoded(text))


def _compressed(bits: int) -> Callable[[str], str]:
    def compress(text: str) -> str:
        if not text:
            return ""
        compressor = zlib.compressobj(wbits=bits)
        return base64.b64encode(compressor.compress(text.encode()) + compressor.flush()).decode()

    return compress


def _decompressed(bits: int) -> Callable[[str], str | None]:
    most = 100_000_000  # a few KB can hold more than any memory does

    def decompress(text: str) -> str | None:
        decompressor = zlib.decompressobj(wbits=bits)
        found = decompressor.decompress(_decoded(text), most)
        if decompressor.unconsumed_tail:
            raise ValueError("what is compressed here is more than 100 MB")
        return found.decode() if decompressor.eof else None

    return decompress


def _size_error(function: Callable[[str], str | None]) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            return function(text)
        except (zlib.error, UnicodeDecodeError):
            return None
        except ValueError as error:
            if "100 MB" in str(error):
                raise
            return None

    return read


def _punycode(text: str) -> str:
    return text.encode("punycode").decode()


def _from_punycode(text: str) -> str:
    return text.encode("ascii").decode("punycode")


def _domain(text: str) -> str:
    return ".".join(label if label.isascii() else f"xn--{_punycode(label.lower())}" for label in text.split("."))


def _from_domain(text: str) -> str:
    return ".".join(_from_punycode(label[4:]) if label.startswith("xn--") else label for label in text.split("."))


FUNCTIONS = (
    Function("unicode_codepoints_from_string", "text", python=lambda text: [ord(c) for c in text], returns="dynamic"),
    *(
        Function(name, "dynamic*", python=_codepoints, returns="text")
        for name in ("unicode_codepoints_to_string", "make_string")
    ),
    Function("url_encode", "text", python=lambda text: _url_encoded(text, "+"), returns="text"),
    Function("url_encode_component", "text", python=lambda text: _url_encoded(text, "%20"), returns="text"),
    Function("url_decode", "text", python=urllib.parse.unquote_plus, returns="text"),
    Function(
        "base64_decode_toarray",
        "text",
        python=_or_null(lambda text: list(_decoded(text)), ValueError),
        returns="dynamic",
    ),
    Function("base64_decode_toguid", "text", python=_or_null(_guid_of_base64, ValueError), returns="guid"),
    Function(
        "base64_encode_fromarray",
        "dynamic",
        python=_or_null(lambda array: base64.b64encode(bytes(array)).decode(), ValueError, TypeError),
        returns="text",
    ),
    Function(
        "base64_encode_fromguid",
        "guid",
        python=lambda guid: base64.b64encode(guid.bytes_le).decode(),
        returns="text",
    ),
    *(Function(name, "text", "to_base64(encode({0}))") for name in ("base64_encode_tostring", "base64_encodestring")),
    *(
        Function(name, "text", python=_text_of_base64, returns="text")
        for name in ("base64_decode_tostring", "base64_decodestring")
    ),
    Function("gzip_compress_to_base64_string", "text", python=_compressed(31), returns="text"),
    Function("zlib_compress_to_base64_string", "text", python=_compressed(15), returns="text"),
    Function("gzip_decompress_from_base64_string", "text", python=_size_error(_decompressed(31)), returns="text"),
    Function("zlib_decompress_from_base64_string", "text", python=_size_error(_decompressed(15)), returns="text"),
    Function("punycode_from_string", "text", python=_punycode, returns="text"),
    Function("punycode_to_string", "text", python=_or_null(_from_punycode, UnicodeError), returns="text"),
    Function("punycode_domain_from_string", "text", python=_domain, returns="text"),
    Function("punycode_domain_to_string", "text", python=_or_null(_from_domain, UnicodeError), returns="text"),
)
