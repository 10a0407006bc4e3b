"""Ports on this machine."""

from __future__ import annotations

import errno
import socket

from aiohttp import web

from localcloud.gateway.errors import PortTaken

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_free(port: int) -> None:
    """Say at once that a port is taken, rather than after everything else has started.

    Raises:
        PortTaken: somebody listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(HOST, port) from error


async def listen(runner: web.BaseRunner, host: str, port: int) -> str:
    """Have an HTTP server listen, on any free port for 0; host and port as URLs have them.

    Raises:
        PortTaken: somebody listens there; the runner is cleaned up.
    """
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise
    return f"{host}:{runner.addresses[0][1]}"
