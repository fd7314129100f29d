"""Loopback services that the tests run against: real sockets and real protocols, no mocks."""
