"""Starts a real MinIO for a demonstration, a test or a benchmark: on 127.0.0.1, a free port, random keys."""
import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_SECONDS_MAX = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def takes_requests(port):
    """Not only listens: MinIO says that it is ready before it is."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        probe.request("GET", "/minio/health/cluster")
        return probe.getresponse().status == 200
    return False


@contextlib.contextmanager
def running(folder):
    """A server over `folder` until the block ends. Gives the AWS_* variables by which a program finds it."""
    port, key, secret = free_port(), secrets.token_hex(10), secrets.token_hex(20)
    environment = dict(os.environ, MINIO_ROOT_USER=key, MINIO_ROOT_PASSWORD=secret, MINIO_UPDATE="off",
                       MINIO_BROWSER="off")
    # A session of its own: Ctrl-C is for the program beside it, which the server must outlive.
    words = tempfile.TemporaryFile()
    server = subprocess.Popen([os.path.join(ROOT, ".deps/bin/minio"), "server", folder, "--quiet", "--address",
                               f"127.0.0.1:{port}"], env=environment, stdout=words, stderr=subprocess.STDOUT,
                              start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not takes_requests(port):
            if server.poll() is not None:
                words.seek(0)
                said = words.read().decode(errors="replace").strip()[-2000:]
                raise SystemExit(f"MinIO ended at once with status {server.returncode}; its last words:\n{said or '(none)'}")
            if time.monotonic() > deadline:
                raise SystemExit(f"MinIO did not answer on port {port} within {START_SECONDS_MAX} s; "
                                 "run tools/setup s3 again")
            time.sleep(0.02)
        yield {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": key,
               "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": "us-east-1"}
    finally:
        server.terminate()
        server.wait()
