"""Ports chosen by the operating system."""

import contextlib
import socket


def free_port() -> int:
    """A loopback port nobody uses at this moment; the caller must bear that it is taken before it is used."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As `free_port`, each another."""
    with contextlib.ExitStack() as held:
        return [held.enter_context(reserve(0)).getsockname()[1] for _ in range(count)]


def reserve(port: int) -> socket.socket:
    """Until it is closed nobody is given this loopback port but who asks for it with SO_REUSEADDR, as our servers do."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    return holder


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
