"""A sign-in is remembered by the next kernel where there is a store for it, and forgotten when told."""

from __future__ import annotations

import json
import stat

import pytest
from servers.identity import DEVICE_PAGE, MARKS, TENANT, USER
from servers.world import World

from kqlext.connections.token_cache import Records, configuration_folder

OPT_IN = "%config KqlMagics.allow_unencrypted_token_cache = True"
QUERY = "%kql print answer = 42"


def test_a_second_kernel_does_not_ask(world: World) -> None:
    connect = f"%kql {world.connection('code')}"
    first = world.run(OPT_IN, connect, QUERY)
    assert DEVICE_PAGE in first
    assert f"Signed in as {USER}." in first
    assert "42" in first
    second = world.run(OPT_IN, connect, QUERY)
    assert DEVICE_PAGE not in second
    assert "42" in second
    # The user signed in to `organizations`; that this is the tenant is known since.
    assert world.identity.grants() == ["device_code", "device_code", "refresh_token"]
    world.run(OPT_IN, connect, QUERY)
    assert len(world.identity.grants()) == 3

    # Access tokens last an hour; then the refresh token does it.
    world.identity.revoke()
    assert DEVICE_PAGE not in world.run(OPT_IN, connect, QUERY)
    assert world.identity.grants()[3:] == ["refresh_token"]

    # Where nobody is there to ask, the default sign-in is who was remembered.
    assert "42" in world.run(OPT_IN, f"%kql {world.connection()}", QUERY)

    # When that is over too, the user is asked again.
    world.identity.end_sessions()
    assert DEVICE_PAGE in world.run(OPT_IN, connect, QUERY)


def test_what_is_written_where(world: World) -> None:
    world.run(OPT_IN, f"%kql {world.connection('code')}")
    cache, record = (path for path in world.files() if path.suffix in (".json", ".nocae"))
    assert record.parent == world.home / ".config" / "kqlext" / "signed-in"
    assert json.loads(record.read_text())["username"] == USER
    assert not any(mark in record.read_text() for mark in MARKS)
    assert cache == world.home / ".IdentityService" / "kqlext.nocae"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600


def test_sign_out(world: World) -> None:
    connect = f"%kql {world.connection('code')}"
    world.run(OPT_IN, connect)
    assert "Signed out: 1 sign-in forgotten." in world.run("%kql --signout")
    left = "".join(path.read_text() for path in world.files())
    assert not any(text in left for text in (*MARKS, USER))
    assert DEVICE_PAGE in world.run(OPT_IN, connect)
    assert "Signed out: 1 sign-in" in world.run(OPT_IN, connect, "%kql --signout")
    assert "Signed out." in world.run("%kql --signout")


def test_an_open_connection_is_signed_out_too(world: World) -> None:
    shown = world.run(f"%kql {world.connection('code')}", "%kql --signout", QUERY)
    assert shown.count(DEVICE_PAGE) == 2


def test_without_an_encrypted_store_nothing_is_written(world: World) -> None:
    shown = world.run(f"%kql {world.connection('code')}", f"%kql {world.connection('code', database='Other')}", QUERY)
    assert "allow_unencrypted_token_cache = True" in shown
    assert shown.count("Signed in as") == 1
    assert world.files() == []


def test_a_record_that_cannot_be_read_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = configuration_folder() / "signed-in"
    folder.mkdir(parents=True)
    (folder / "default_default_default.json").write_text("{")
    assert Records().read("default", "default", "default") is None
    assert Records().remove_all() == 1
    monkeypatch.setenv("XDG_CONFIG_HOME", str(world.home / "elsewhere"))
    assert configuration_folder() == world.home / "elsewhere" / "kqlext"


def test_a_folder_that_cannot_be_written_to_does_not_matter(world: World) -> None:
    (world.home / ".config").write_text("a file where a folder is to be")
    connection = world.connection("code", f"tenant='{TENANT}'")
    shown = world.run(OPT_IN, f"%kql {connection}", QUERY)
    assert "42" in shown
    assert (world.home / ".config").is_file()
