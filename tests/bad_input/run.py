"""Runs bad_input (cases.cc) as a user's program against a real disk and a real MinIO, and looks at what is left.

    run.py PROGRAM TEST        TEST is a name of TESTS below; run.py --list prints them

Each test asserts the exit status, the error's code (never its wording, but for the thing it has to name) and that
nothing stays behind: no file in the temporary folder, no object, no unfinished upload.
"""

import contextlib
import http.server
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import minio_server  # noqa: E402

DEADLINE_S = 60


def png(width=8, height=8, level=7):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([level]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class World:
    """Folders of one test, its MinIO where it asks for one, and the program under test."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SHOAL_"))}
        self.env |= {"TMPDIR": str(self.temporary), "HOME": str(folder), "AWS_REGION": "us-east-1"}
        self.stack = contextlib.ExitStack()

    def minio(self):
        self.disk = self.folder / "minio"
        (self.disk / "bucket").mkdir(parents=True)
        self.env |= self.stack.enter_context(minio_server.running(self.disk))

    def serve(self, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.shutdown)
        self.env |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                     "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}

    def start(self, *arguments):
        return subprocess.Popen([self.program, *map(str, arguments)], env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def run(self, *arguments):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=DEADLINE_S)
        return process.returncode, out, err

    def fails(self, code, *arguments, names=()):
        status, out, err = self.run(*arguments)
        assert status == 1, f"exit status {status}\n{out}\n{err}"
        assert f"code {code}\n" in err, f"expected code {code}\n{err}"
        for name in names:
            assert str(name) in err, f"the error does not name {name}\n{err}"
        self.nothing_left()

    def interrupt(self, *arguments, within_s=2.0, once=None):
        """Sends Ctrl-C once a step of the program said that it runs, or the event is set; gives standard error."""
        process = self.start(*arguments)
        while once is None and (line := process.stdout.readline()) and line.strip() != "running":
            pass
        assert once is None or once.wait(DEADLINE_S), "the event did not come"
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE_S)
        took = time.monotonic() - sent
        assert took <= within_s, f"took {took:.1f} s to end after Ctrl-C"
        assert process.returncode == 130, f"exit status {process.returncode}\n{err}"
        self.nothing_left()
        return err

    def nothing_left(self):
        left = [p for p in self.temporary.rglob("*") if p.is_file()]
        assert not left, f"left in the temporary folder: {left}"
        if hasattr(self, "disk"):
            uploads = [p for p in (self.disk / ".minio.sys/multipart").rglob("*") if p.is_file()]
            assert not uploads, f"unfinished uploads: {uploads}"

    def bucket_is_empty(self):
        left = [p for p in (self.disk / "bucket").rglob("*") if p.is_file()]
        assert not left, f"objects left: {left}"

    def images(self, count, where=None):
        folder = where or self.folder / "images"
        folder.mkdir()
        for i in range(count):
            (folder / f"{i:03}.png").write_bytes(png(level=i))
        return folder


def missing_path(world):
    world.fails("not_found", "images", world.folder / "nowhere", names=["nowhere"])


def missing_bucket(world):
    world.minio()
    world.fails("not_found", "images", "s3://nowhere/images/", names=["nowhere"])


def wrong_keys(world):
    world.minio()
    world.env["AWS_SECRET_ACCESS_KEY"] = "not-the-secret"
    world.fails("permission_denied", "images", "s3://bucket/images/", names=["bucket"])
    assert "not-the-secret" not in world.run("images", "s3://bucket/images/")[2]


def throttled(world):
    """A store that only ever says "slow down": told apart from wrong keys, after the deadline of the run."""

    class SlowDown(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    world.serve(SlowDown)
    world.fails("throttled", "images_within_2_s", "s3://bucket/images/", names=["bucket"])


def endpoint_down(world):
    world.env |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                  "AWS_ENDPOINT_URL": f"http://127.0.0.1:{minio_server.free_port()}"}
    world.fails("unavailable", "images_within_2_s", "s3://bucket/images/", names=[world.env["AWS_ENDPOINT_URL"].removeprefix("http://")])


def empty_prefix(world):
    world.minio()
    world.fails("not_found", "images", "s3://bucket/images/", names=["s3://bucket/images/"])
    empty = world.folder / "empty"
    empty.mkdir()
    world.fails("not_found", "images", empty, names=["empty"])


def truncated_image(world):
    folder = world.images(20)
    whole = (folder / "013.png").read_bytes()
    (folder / "013.png").write_bytes(whole[: len(whole) // 2])
    world.fails("corrupt_data", "images", folder, names=["013.png"])


def no_image(world):
    folder = world.images(3)
    (folder / "notes.png").write_text("shopping list")
    world.fails("corrupt_data", "images", folder, names=["notes.png"])


def quarantine(world):
    folder = world.images(20)
    (folder / "notes.png").write_text("shopping list")
    status, out, err = world.run("quarantine", folder)
    assert status == 0 and out.strip() == "read 20 bad 1", f"{status} {out} {err}"


def unsupported_scheme(world):
    world.fails("unsupported", "images", "gs://bucket/images/", names=["gs://"])


def schema_differs(world):
    import pyarrow
    import pyarrow.parquet

    folder = world.folder / "tables"
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.table({"a": [1, 2]}), folder / "0.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"a": ["x", "y"]}), folder / "1.parquet")
    world.fails("schema_mismatch", "parquet", folder, names=["0.parquet", "1.parquet"])


def truncated_parquet(world):
    import pyarrow
    import pyarrow.parquet

    folder = world.folder / "tables"
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.table({"a": list(range(1000))}), folder / "0.parquet")
    whole = (folder / "0.parquet").read_bytes()
    (folder / "0.parquet").write_bytes(whole[:-100])
    world.fails("corrupt_data", "parquet", folder, names=["0.parquet"])


def function_throws(world):
    world.fails("user_function", "throws", names=["throws_on_7000", "no number 7000 today"])


def other_schema(world):
    world.fails("schema_mismatch", "other_schema", names=["other_schema_later", "late"])


def batch_size_0(world):
    world.fails("invalid_argument", "batch_size_0", names=["batch_size"])
    world.fails("invalid_argument", "step_batch_size_0", names=["batch_size", "widen"])


def infeasible(world):
    world.fails("infeasible", "infeasible", names=["widen", "3"])


def missing_column(world):
    world.fails("not_found", "column", names=["identity", "id"])


def target_not_empty(world):
    world.minio()
    (world.folder / "out").mkdir()
    (world.folder / "out/old.parquet").write_text("old")
    world.fails("already_exists", "write", world.folder / "out", names=["out"])
    assert world.run("write", "s3://bucket/out/")[0] == 0
    world.fails("already_exists", "write", "s3://bucket/out/", names=["s3://bucket/out"])


def write_fails_midway(world):
    world.minio()
    world.fails("user_function", "write_throws", "s3://bucket/out/")
    world.bucket_is_empty()
    world.fails("user_function", "write_throws", world.folder / "out")
    assert not list((world.folder / "out").rglob("*")) if (world.folder / "out").exists() else True


@contextlib.contextmanager
def small_disk(world, size):
    """A file system of `size` bytes. Needs the right to mount, as in a container's root."""
    disk = world.folder / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "shoal-test", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def no_space_writing(world):
    with small_disk(world, 16 << 20) as disk:
        world.fails("no_space", "write", disk / "out", names=[disk])
        assert not [p for p in disk.rglob("*") if p.is_file()], "files left on the full disk"


def no_space_spilling(world):
    with small_disk(world, 16 << 20) as disk:
        world.fails("no_space", "spill", disk, names=[disk])
        assert not [p for p in disk.rglob("*") if p.is_file()], "spill left on the full disk"


def interrupt_run(world):
    world.interrupt("naps", within_s=1.2)  # a call of the step covers 10 s of rows


def interrupt_slow_consumer(world):
    """The loop gets Cancelled at its next step, however many rows are prepared."""
    for case in ("slow_batches", "slow_shuffled", "slow_rows"):
        world.interrupt(case, within_s=1.2)


def interrupt_spilled(world):
    world.interrupt("spill", world.temporary)


def interrupt_write(world):
    world.minio()
    world.interrupt("write_slowly", "s3://bucket/out/")
    world.bucket_is_empty()
    world.interrupt("write_slowly", world.folder / "out")
    assert not [p for p in (world.folder / "out").rglob("*") if p.is_file()]


def interrupt_silent_store(world):
    """A store that takes a request and never answers: the first Ctrl-C is enough, and nothing is killed."""
    page = (b"<ListBucketResult><Contents><Key>images/a.png</Key><Size>9</Size></Contents>"
            b"<Contents><Key>images/b.parquet</Key><Size>9</Size></Contents></ListBucketResult>")
    end = threading.Event()
    world.stack.callback(end.set)

    def handler(silent, asked):
        class Silent(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                kind = "HEAD" if self.command == "HEAD" else "LIST" if "list-type" in self.path else "GET"
                if kind == silent:
                    asked.set()
                    end.wait()
                    return
                body = page if kind == "LIST" else b""
                self.send_response(200 if kind == "LIST" else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Silent

    for silent, arguments in (("LIST", ("images", "s3://bucket/images/")), ("GET", ("images", "s3://bucket/images/")),
                              ("HEAD", ("images", "s3://bucket/images")), ("GET", ("parquet", "s3://bucket/images/"))):
        asked = threading.Event()
        world.serve(handler(silent, asked))
        world.interrupt(*arguments, within_s=1.2, once=asked)  # what does not end itself is killed after 1.5 s


def interrupt_stuck_function(world):
    err = world.interrupt("never_returns", within_s=2.5)
    assert "never_returns" in err, err


TESTS = {f.__name__: f for f in (
    missing_path, missing_bucket, wrong_keys, throttled, endpoint_down, empty_prefix, truncated_image, no_image,
    quarantine, unsupported_scheme, schema_differs, truncated_parquet, function_throws, other_schema, batch_size_0,
    infeasible, missing_column, target_not_empty, write_fails_midway, no_space_writing, no_space_spilling,
    interrupt_run, interrupt_slow_consumer, interrupt_spilled, interrupt_write, interrupt_silent_store, interrupt_stuck_function)}


def main():
    if sys.argv[1] == "--list":
        print(";".join(TESTS), end="")
        return
    with tempfile.TemporaryDirectory(prefix="shoal-bad-input-") as folder:
        world = World(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))
        with world.stack:
            TESTS[sys.argv[2]](world)


if __name__ == "__main__":
    main()
