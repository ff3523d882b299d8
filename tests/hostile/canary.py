"""A port of this machine that must receive no traffic; it records any."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def canary() -> Iterator[tuple[int, list[str]]]:
    """A port that accepts TCP connections and UDP packets, and a list of what arrived: ``tcp`` or ``udp``."""
    visits: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        udp.settimeout(0.2)
        closing = threading.Event()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = tcp.accept()
                    visits.append("tcp")
                    wire.close()

        def receive() -> None:
            while not closing.is_set():
                with suppress(TimeoutError):
                    udp.recvfrom(2048)
                    visits.append("udp")

        threads = [threading.Thread(target=target, daemon=True) for target in (accept, receive)]
        for thread in threads:
            thread.start()
        try:
            yield port, visits
        finally:
            closing.set()
            tcp.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)
