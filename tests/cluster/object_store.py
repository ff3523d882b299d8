"""An S3 server on loopback that can fail and come back with its content."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.postgres import free_port

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer

BUCKET = "shards-of-the-tests"


@dataclass
class ObjectStore:
    """A server with one bucket."""

    port: int
    _server: ThreadedMotoServer | None = None

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables with which S3's clients use it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def start(self) -> None:
        from moto.server import ThreadedMotoServer  # 400 modules, which the collection of tests does not need

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


@contextmanager
def run_object_store() -> Iterator[ObjectStore]:
    """Serve an empty bucket until the block ends. What it contains survives :meth:`ObjectStore.stop`."""
    import boto3

    store = ObjectStore(free_port())
    store.start()
    try:
        client = boto3.client(
            "s3",
            endpoint_url=store.variables["AWS_ENDPOINT_URL"],
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=BUCKET)
        yield store
    finally:
        store.stop()
