"""Nothing is fetched that nobody asked for: not by an import, and not by a test."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

IMPORT_ALL = """
import importlib, pkgutil, sys
asked = []
sys.addaudithook(lambda event, args: event in ("socket.connect", "socket.getaddrinfo") and asked.append(event))
import ppgen
for module in pkgutil.walk_packages(ppgen.__path__, "ppgen."):
    if not module.name.endswith(("__main__", ".worker")):  # scripts
        importlib.import_module(module.name)
print("imported", len(asked), len(sys.modules))
import socket
socket.getaddrinfo("127.0.0.1", 9)
print("asked", len(asked))
"""


def test_tests_reach_no_other_machine():
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)  # an address of documentation, RFC 5737


def test_no_module_asks_the_network_while_it_is_imported(run_python):
    result = run_python("-c", IMPORT_ALL)
    assert result.returncode == 0, result.stderr
    (_, asked, modules), (_, then) = (line.split() for line in result.stdout.splitlines()[-2:])
    assert int(asked) == 0 and int(modules) > 300
    assert int(then) == 1  # the check itself sees what asks
