"""moto as a server: `python -m localcloud.aws.server [--port N]` prints its port once it listens on 127.0.0.1.

moto is made for one client at a time. Real DynamoDB and S3 apply a conditional write as one step; moto checks and then
writes, so that parallel writers slip in between. One lock around each DynamoDB call, and one around each write to S3,
makes it exact. In front of S3 stands `Buckets`, which refuses what S3 refuses.
"""

from __future__ import annotations

import argparse
import functools
import logging
import os
import socket
import sys
import threading
from typing import Any

import moto.secretsmanager.responses
import moto.sqs.responses  # noqa: F401  # loaded now rather than under the first request
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.responses import S3Response
from werkzeug.serving import BaseWSGIServer, make_server

from localcloud.aws.buckets import Buckets
from localcloud.aws.credentials import signing_environment
from localcloud.aws.notifications import make_notifications_whole


class _QuietRequestHandler(MotoRequestHandler):
    # Answers are small and waited for: without this the kernel holds back the last part of each.
    disable_nagle_algorithm = True

    def log_request(self, *_: Any) -> None:
        """Says nothing: functions log what they do."""


def make_writes_atomic() -> None:
    """Lets one DynamoDB call, and one write of an object, through at a time."""
    _one_at_a_time(DynamoHandler, "call_action")
    _one_at_a_time(S3Response, "put_object")


def _one_at_a_time(handlers: type, method: str) -> None:
    """Puts a lock around a method. Reentrant, as moto calls itself for transactions."""
    lock = threading.RLock()
    call = getattr(handlers, method)

    @functools.wraps(call)
    def locked(handler: object) -> Any:
        with lock:
            return call(handler)

    setattr(handlers, method, locked)


def make_moto_server(port: int) -> BaseWSGIServer:
    """A server on 127.0.0.1 with a thread for each request; port 0 takes any free one. OSError where it is taken."""
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    os.environ["MOTO_PORT"] = str(port)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Buckets(DomainDispatcherApplication(create_backend_app), _secrets())
    with listener:  # the server takes a copy
        return make_server(
            "127.0.0.1",
            port,
            application,
            threaded=True,
            request_handler=_QuietRequestHandler,
            fd=listener.fileno(),
        )


def _secrets() -> dict[str, str]:
    """The secret access key that clients sign with, by its id."""
    credentials = signing_environment(os.environ)
    return {credentials["AWS_ACCESS_KEY_ID"]: credentials["AWS_SECRET_ACCESS_KEY"]}


def exit_with_parent() -> None:
    """Ends this process when its standard input closes, which it does when the parent is gone, however it went."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="parent watch", daemon=True).start()


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description="AWS services on 127.0.0.1, by moto")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args()
    if options.exit_with_stdin:
        exit_with_parent()
    make_writes_atomic()
    make_notifications_whole()
    try:
        server = make_moto_server(options.port)
    except OSError as error:
        sys.exit(f"the port {options.port} cannot be used ({os.strerror(error.errno or 0)}); choose another")
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
