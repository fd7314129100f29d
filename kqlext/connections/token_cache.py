"""Where a sign-in is remembered: tokens in the system's encrypted store, who signed in in the configuration folder.

The tokens are azure-identity's to keep (DPAPI, Keychain, libsecret); the authentication record beside them holds
no secret: tenant, application, account and user name. Without an encrypted store nothing is kept, unless the user
asks for a plain file.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

CACHE_NAME = "kqlext"


def configuration_folder() -> Path:
    """The user's folder for kqlext's settings."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "kqlext"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kqlext"


def persistence(allow_unencrypted: bool) -> Any | None:
    """azure-identity's options for a cache that outlives the kernel; None where it could not be encrypted."""
    from azure.identity import TokenCachePersistenceOptions

    if not allow_unencrypted and not _can_encrypt():
        return None
    return TokenCachePersistenceOptions(name=CACHE_NAME, allow_unencrypted_storage=allow_unencrypted)


def _can_encrypt() -> bool:
    """Whether the system has an encrypted store. Only Linux may be without one."""
    if not sys.platform.startswith("linux"):
        return True
    from msal_extensions import LibsecretPersistence

    try:
        LibsecretPersistence(str(_cache_folder() / f"{CACHE_NAME}.trial"), CACHE_NAME, {"kqlext": "trial"})
    except Exception:  # noqa: BLE001 (a missing library, no session bus, a locked keyring: all mean no)
        return False
    return True


class Records:
    """The authentication records, one for each authority, tenant and application."""

    def __init__(self) -> None:
        self._folder = configuration_folder() / "signed-in"

    def read(self, *names: str) -> Any | None:
        """azure-identity's record, or None where nobody signed in yet or it cannot be read."""
        from azure.identity import AuthenticationRecord

        try:
            return AuthenticationRecord.deserialize(self._path(names).read_text("utf-8"))
        except (OSError, ValueError, KeyError):
            return None

    def write(self, record: Any, *names: str) -> None:
        """Remember who signed in. A folder that cannot be written to is no reason to fail the query."""
        path = self._path(names)
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(record.serialize(), "utf-8")

    def remove_all(self) -> int:
        """Forget everybody; gives how many there were."""
        paths = list(self._folder.glob("*.json")) if self._folder.is_dir() else []
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def _path(self, names: tuple[str, ...]) -> Path:
        name = "_".join(re.sub(r"[^\w.-]", "-", name.removeprefix("https://")) for name in names)
        return self._folder / f"{name[:200]}.json"


def remove_tokens() -> None:
    """Take every token of kqlext out of the store."""
    from azure.identity import TokenCachePersistenceOptions
    from azure.identity._persistent_cache import _load_persistent_cache
    from msal import TokenCache

    options = TokenCachePersistenceOptions(name=CACHE_NAME, allow_unencrypted_storage=True)
    for is_cae, suffix in ((False, ".nocae"), (True, ".cae")):
        # On every system this file is there once tokens are; where they are encrypted elsewhere it is a marker.
        path = _cache_folder() / f"{CACHE_NAME}{suffix}"
        if not path.exists():
            continue
        cache = _load_persistent_cache(options, is_cae)
        kinds = [kind for name, kind in vars(TokenCache.CredentialType).items() if name.isupper()]
        for kind in kinds:
            for entry in list(cache.search(kind)):
                cache.modify(kind, entry)
        path.unlink(missing_ok=True)


def _cache_folder() -> Path:
    """Where azure-identity keeps its caches."""
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"]) / ".IdentityService"
    return Path.home() / ".IdentityService"
