#!/usr/bin/env python3
"""Runs the benchmark lines side by side with their limits and peers; prints a table and writes build/bench.json.

    python3 bench/run.py --build build/release [--only NAME ...] [--rounds 5] [--no-peers]

Every figure, limits and peers included, comes from this run: a line is warmed up, and then each round measures ours, the
limit and the peer one after the other; the table shows medians with the smallest and largest value. Lines that need no
server come before one is started. A line is BELOW when its floor does not hold.
Needs the standard library only; peers run in build/peers, which this script makes.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import minio_server  # noqa: E402

DATA = ROOT / "build" / "bench-data"


class Line:
    """One benchmark: commands for ours, limit and peer, and the floor as a predicate over medians."""

    def __init__(self, name, unit, better, ours, limit=None, peer=None, peer_name="", floor="", holds=None, engine="threads",
                 second_peer=None, second_peer_name=""):
        self.name, self.unit, self.better, self.engine = name, unit, better, engine
        self.commands = {"ours": ours, "limit": limit, "peer": peer, "second_peer": second_peer}
        self.names = {"peer": peer_name, "second_peer": second_peer_name}
        self.floor, self.holds = floor, holds
        self.figures = {who: [] for who in self.commands}  # one for each round
        self.cpu = []

    def median(self, who):
        return statistics.median(self.figures[who]) if self.figures[who] else None

    def ratio(self, who):
        """Ours to another's, as measured side by side: the median over the rounds."""
        return statistics.median(a / b for a, b in zip(self.figures["ours"], self.figures[who]))


def busy_seconds():
    """Of all processors together since the machine started."""
    user, nice, system = map(int, pathlib.Path("/proc/stat").read_text().split(None, 4)[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def settle():
    """Waits until the machine is at rest: a server goes on listing for a program that has ended, and would slow the next."""
    for _ in range(50):
        before = busy_seconds()
        time.sleep(0.2)
        if busy_seconds() - before < 0.05:
            return


class Failed(Exception):
    """A program ended with an error."""


def run_json(command, env):
    settle()
    done = subprocess.run([str(c) for c in command], env=env, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


@contextlib.contextmanager
def minio(env):
    """A MinIO of our own; adds its keys to `env`; gives host:port."""
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as folder, minio_server.running(folder) as found_by:
        env.update(found_by)
        yield env["AWS_ENDPOINT_URL"].removeprefix("http://")


@contextlib.contextmanager
def delay_proxy(binary, endpoint, delay_ms):
    proxy = subprocess.Popen([binary, endpoint.rsplit(":", 1)[1], str(delay_ms)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    try:
        yield f"127.0.0.1:{proxy.stdout.readline().strip()}"
    finally:
        proxy.stdin.close()
        proxy.wait()


def make_peers():
    """A virtual environment of the peers' own, so that their pins cannot touch ours."""
    folder = ROOT / "build" / "peers" / "ray"
    stamp = folder / "installed"
    wanted = (ROOT / "bench/peers/requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers (Ray Data, minio-py, OpenCV) into build/peers/ray ...", flush=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "-q", "-r", ROOT / "bench/peers/requirements.txt"], check=True)
        stamp.write_text(wanted)
    return folder / "bin/python"


def ray_cxx_command(python):
    """The peer in C++, without arguments. The program starts Ray by the command `ray`, which has to be in PATH."""
    folder = pathlib.Path(python).parent.parent
    return ["/usr/bin/env", f"PATH={folder}/bin:{os.environ['PATH']}", folder / "ray_core", folder / "libray_core.so"]


def make_ray_cxx(python):
    *_, program, library = ray_cxx_command(python)
    folder, source = program.parent, ROOT / "bench/peers/ray_core.cc"
    package = next(folder.glob("lib/python3*/site-packages/ray/cpp"))
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        print("building the peer in C++ ...", flush=True)
        # The package is built for the library's older strings.
        compile_it = ["g++", "-std=c++17", "-O2", "-w", "-D_GLIBCXX_USE_CXX11_ABI=0", f"-I{package}/include", source,
                      f"-L{package}/lib", "-lray_api", f"-Wl,-rpath,{package}/lib"]
        subprocess.run([*compile_it, "-shared", "-fPIC", "-o", library], check=True)
        subprocess.run([*compile_it, "-o", program], check=True)


def make_local_data(build, wanted):
    """It is kept between runs."""
    for kind in ("jpeg", "parquet"):
        folder, done = DATA / kind, DATA / f"{kind}.done"
        if any(kind in name for name in wanted) and not done.exists():
            print(f"making {kind} data ...", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            DATA.mkdir(parents=True, exist_ok=True)
            subprocess.run([build / "bench/bench_data", kind, folder], check=True)
            done.touch()


def make_buckets(build, env, wanted):
    """They are fresh in every run."""
    tool = build / "bench/bench_data"
    if wanted & {"s3_list", "s3_mnist", "s3_mnist_20ms", "s3_mnist_processes", "s3_first_batch"}:
        print("uploading 70,000 digits ...", flush=True)
        subprocess.run([tool, "mnist", "s3://mnist", ROOT / ".deps/mnist"], check=True, env=env)
    for name, count, size in (("s3_get_100k", 6000, 100_000), ("s3_get_1m", 1000, 1_000_000)):
        if name in wanted:
            subprocess.run([tool, "objects", f"s3://{name.replace('_', '-')}", str(count), str(size)], check=True, env=env)


def at_least(part):
    return f">= {part} x limit", lambda line: line.ratio("limit") >= part


def at_most(times):
    return f"<= {times} x limit", lambda line: line.ratio("limit") <= times


def below(value, unit):
    return f"<= {value} {unit}", lambda line: line.median("ours") <= value


def above(value, unit):
    return f">= {value:,} {unit}", lambda line: line.median("ours") >= value


def three_times_the_peer(line):
    peer_ok = not line.figures["peer"] or line.ratio("peer") >= 3
    return line.ratio("limit") >= 0.85 and peer_ok


def line_maker(build, python):
    ours, peer = build / "bench/bench_shoal", [python, ROOT / "bench/peers/ray_data.py"]

    def line(name, unit, better, floor, ours_args, limit=None, peer_args=None, peer_name="Ray Data 2.60"):
        return Line(name, unit, better, [ours, *ours_args], limit, peer_args and [*peer, *peer_args], peer_name, *floor)
    return line


def on_processes(build, *arguments):
    """The same program with its data steps in worker processes, as many as there are CPUs, and in threads as the limit."""
    ours = [build / "bench/bench_shoal", *arguments]
    return ["/usr/bin/env", f"SHOAL_PROCESSES={os.cpu_count()}", "SHOAL_ISOLATION=processes", *ours], ours


def s3_lines(build, endpoint, python):
    line, limit = line_maker(build, python), build / "bench/limit_s3"
    train = [endpoint, "mnist", "train/"]
    lines = [
        line("s3_list", "keys/s", "higher", at_least(0.9), ["list", "s3://mnist/"], [limit, "list", endpoint, "mnist", ""],
             ["list", endpoint, "mnist", ""], "minio-py 7.2"),
        line("s3_mnist", "images/s", "higher", (">= 0.85 x limit, 3 x peer", three_times_the_peer),
             ["mnist", "s3://mnist/train/"], [limit, "get", *train, "128"], ["mnist", *train, "8000"]),
        line("s3_mnist_20ms", "images/s", "higher", (">= 0.8 x s3_mnist", at_least(0.8)[1]), ["mnist", "s3://mnist/train/"],
             [build / "bench/bench_shoal", "mnist", "s3://mnist/train/"]),
        Line("s3_mnist_processes", "images/s", "higher", *on_processes(build, "mnist", "s3://mnist/train/"), None, "",
             ">= 0.9 x s3_mnist", at_least(0.9)[1], engine="processes"),
        line("s3_first_batch", "s", "lower", below(0.2, "s"), ["first_batch", "s3://mnist/train/"], None,
             ["first_batch", *train]),
    ]
    for name in ("s3_get_100k", "s3_get_1m"):
        bucket = name.replace("_", "-")
        lines.append(line(name, "objects/s", "higher", at_least(0.9), ["get", f"s3://{bucket}/objects/"],
                          [limit, "get", endpoint, bucket, "objects/", "32"], ["get", endpoint, bucket, "objects/"]))
    return lines


def local_lines(build, python):
    line, limit = line_maker(build, python), build / "bench/limit_local"
    jpeg, parquet = DATA / "jpeg", DATA / "parquet"
    return [
        line("jpeg_images", "images/s", "higher", at_least(0.9), ["jpeg", jpeg], [limit, "jpeg", jpeg], ["jpeg", jpeg]),
        Line("jpeg_images_processes", "images/s", "higher", *on_processes(build, "jpeg", jpeg), None, "",
             ">= 0.9 x jpeg_images", at_least(0.9)[1], engine="processes"),
        line("parquet_scan", "s", "lower", at_most(1.3), ["parquet", parquet], [limit, "parquet", parquet],
             ["parquet", parquet]),
        line("block_overhead", "us", "lower", below(15, "us"), ["blocks", "200"], [limit, "handover", "100000"]),
        line("block_overhead_one", "us", "lower", below(60, "us"), ["blocks_one", "2000"]),
        line("rows_map", "s", "lower", below(0.010, "s"), ["rows", "100000"], [limit, "rows", "100000"], ["rows", "100000"]),
    ]


def task_lines(build):
    def line(name, unit, better, floor, arguments, with_pool=False):
        pool = [build / "bench/peer_thread_pool", *arguments] if with_pool else None
        return Line(name, unit, better, [build / "bench/bench_tasks", *arguments], None, pool, "thread pool, futures", *floor)
    return [
        line("embedded_task_async", "tasks/s", "higher", above(1_000_000, "tasks/s"), ["bulk", "100000"], with_pool=True),
        line("embedded_task_async_1k", "tasks/s", "higher", above(800_000, "tasks/s"), ["bulk", "1000"]),
        line("embedded_task_async_1m", "tasks/s", "higher", above(800_000, "tasks/s"), ["bulk", "1000000"]),
        line("embedded_task_sync", "us", "lower", below(5, "us"), ["sync", "200000"], with_pool=True),
        line("embedded_task_wide", "s", "lower", below(0.02, "s"), ["wide", "10000"]),
        line("embedded_wait_1k", "s", "lower", below(0.005, "s"), ["wait", "1000"]),
        line("embedded_queued_bytes", "bytes", "lower", below(600, "bytes"), ["queued_bytes", "1000000"]),
    ]


def process_lines(build, python):
    def line(name, unit, better, floor, arguments, limit=None, peer=None):
        return Line(name, unit, better, [build / "bench/bench_processes", *arguments],
                    limit and [build / "bench/limit_socket", *limit],
                    [python, ROOT / "bench/peers/ray_core.py", *(peer or arguments[:2])], "Ray 2.60, Python", *floor,
                    engine="processes", second_peer=[*ray_cxx_command(python), *(peer or arguments[:2])] if name != "cold_start" else None,
                    second_peer_name="Ray 2.60, C++")
    return [
        line("task_sync", "tasks/s", "higher", at_least(0.77), ["task_sync", "20000", "two"], ["rate", "two", "20000"],
             ["task_sync", "1000"]),
        line("task_sync_one_core", "tasks/s", "higher", at_least(0.5), ["task_sync", "50000", "one"], ["rate", "one", "50000"],
             ["task_sync", "1000"]),
        line("task_async", "tasks/s", "higher", above(500_000, "tasks/s"), ["task_async", "1000000"], None,
             ["task_async", "10000"]),
        line("task_chain", "tasks/s", "higher", above(200_000, "tasks/s"), ["task_chain", "1000"]),
        line("actor_sync", "calls/s", "higher", at_least(0.77), ["actor_sync", "20000", "two"], ["rate", "two", "20000"],
             ["actor_sync", "2000"]),
        line("actor_async", "calls/s", "higher", above(500_000, "calls/s"), ["actor_async", "1000000"], None,
             ["actor_async", "10000"]),
        line("actor_create", "actors/s", "higher", above(80, "actors/s"), ["actor_create", "100"], None,
             ["actor_create", "16"]),
        line("wait_1k", "rounds/s", "higher", above(150, "rounds/s"), ["wait_1k", "100"], None, ["wait_1k", "1"]),
        line("cold_start", "s", "lower", below(0.06, "s"), ["cold_start", "20"], None, ["cold_start", "1"]),
    ]


def channel_lines(build):
    def line(name, unit, better, floor, arguments, limit):
        return Line(name, unit, better, [build / "bench/bench_channels", *arguments], [build / "bench/limit_socket", *limit],
                    None, "", *floor, engine="processes")
    return [
        line("channel_sync", "us", "lower", at_most(1.15), ["sync", "two", "20000"], ["round", "two", "20000"]),
        line("channel_sync_one_core", "us", "lower", at_most(1.15), ["sync", "one", "100000"], ["round", "one", "100000"]),
        line("channel_async", "messages/s", "higher", above(1_500_000, "messages/s"), ["async", "4000000"],
             ["bulk", "4000000"]),
    ]


def store_lines(build):
    folder = ROOT / "build/bench-spill"

    def line(name, unit, floor, count, with_limit=True, on_disk=False):
        arguments = [name, count] + ([folder] if on_disk else [])
        limit = [build / "bench/limit_store", *arguments] if with_limit else None
        return Line(f"store_{name}", unit, "higher", [build / "bench/bench_store", *arguments], limit, None, "", *floor)
    return [
        line("put_large", "GB/s", at_least(0.8), 20),
        line("put_large_fresh", "GB/s", ("", None), 1),
        line("put_small", "objects/s", above(500_000, "objects/s"), 3_000_000, with_limit=False),
        line("get_small", "objects/s", above(2_000_000, "objects/s"), 20_000_000, with_limit=False),
        line("spill_write", "GB/s", at_least(0.9), 1024, on_disk=True),
        line("spill_read", "GB/s", at_least(0.9), 1024, on_disk=True),
    ]


def stored_lines(build):
    def line(name, unit, floor, count, limit=None):
        return Line(f"processes_{name}", unit, "higher", [build / "bench/bench_stored", name, count], limit, None, "", *floor,
                    engine="processes")
    return [
        line("put_large", "GB/s", at_least(0.8), 20, [build / "bench/limit_store", "put_large", 20]),
        line("put_small", "objects/s", ("", None), 300_000),
        line("get_small", "values/s", ("", None), 2_000_000),
        line("task_shared_arg", "tasks/s", ("", None), 50_000),
    ]


def measure(lines, rounds, env, slow_endpoint=None):
    for line in lines:
        slow = {**env, "AWS_ENDPOINT_URL": f"http://{slow_endpoint}"} if line.name == "s3_mnist_20ms" else env
        # There and back, so that a machine that becomes slower or faster meanwhile does so for both.
        turns = [who for who in ("ours", "limit", "limit", "ours") if line.commands[who]]
        for round_number in range(-1, rounds):  # round -1 warms up ours and the limit and is not counted
            values = {who: [] for who in line.commands}
            peers = [who for who in ("peer", "second_peer") if line.commands[who] and round_number >= 0]
            for who in turns + peers:
                try:
                    figure = run_json(line.commands[who], slow if who == "ours" else env)
                except Failed as why:
                    if who not in peers:
                        raise
                    print(f"{line.name}: {line.names[who]} is left out, since {why}", flush=True)
                    line.commands[who] = None
                    continue
                values[who].append(figure["value"])
                if who == "ours" and round_number >= 0 and "cpu_us_per_op" in figure:
                    line.cpu.append(figure["cpu_us_per_op"])
            for who, measured in values.items():
                if round_number >= 0 and measured:
                    line.figures[who].append(statistics.mean(measured))
        print(f"{line.name}: {', '.join(number(value) for value in line.figures['ours'])} {line.unit}", flush=True)


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def report(lines, path):
    print(f"\n{'line':20} {'unit':10} {'ours':>10} {'(min .. max)':>20} {'limit':>10} {'ratio':>6} {'peer':>10} {'ratio':>6}  floor")
    out = []
    for line in lines:
        ours = line.figures["ours"]
        holds = line.holds(line) if line.holds else None
        verdict = {True: "ok", False: "BELOW", None: "not compared"}[holds]
        ratios = {who: f"{line.ratio(who):.2f}" if line.figures[who] else "-" for who in ("limit", "peer")}
        print(f"{line.name:20} {line.unit:10} {number(line.median('ours')):>10} "
              f"{number(min(ours)) + ' .. ' + number(max(ours)):>20} {number(line.median('limit')):>10} {ratios['limit']:>6} "
              f"{number(line.median('peer')):>10} {ratios['peer']:>6}  {line.floor}: {verdict}")
        if line.figures["second_peer"]:
            print(f"{'':62} {line.names['second_peer']:>18} {number(line.median('second_peer')):>10} "
                  f"{line.ratio('second_peer'):6.2f}")
        out.append({"name": line.name, "engine": line.engine, "value": line.median("ours"), "unit": line.unit,
                    "better": line.better, "limit": line.median("limit"), "peer": line.median("peer"),
                    "peer_name": line.names["peer"] if line.figures["peer"] else "",
                    "second_peer": line.median("second_peer"),
                    "second_peer_name": line.names["second_peer"] if line.figures["second_peer"] else "",
                    "cpu_us_per_op": statistics.median(line.cpu) if line.cpu else None})
    path.write_text(json.dumps(out, indent=1) + "\n")
    print(f"\nwrote {path.relative_to(ROOT)}")
    return all(line.holds is None or line.holds(line) for line in lines)


def chosen(lines, args):
    lines = [line for line in lines if not args.only or line.name in args.only]
    if args.no_peers:
        for line in lines:
            line.commands["peer"] = line.commands["second_peer"] = None
    return lines


def lines_without_server(build, python):
    return (task_lines(build) + process_lines(build, python) + channel_lines(build) + store_lines(build) +
            stored_lines(build) + local_lines(build, python))


def measure_local(args, python):
    lines = chosen(lines_without_server(args.build, python), args)
    if any(line.commands["second_peer"] for line in lines):
        make_ray_cxx(python)
    make_local_data(args.build, {line.name for line in lines})
    measure(lines, args.rounds, clean_environment())
    return lines


def measure_s3(args, python):
    env = clean_environment()
    with minio(env) as endpoint, delay_proxy(args.build / "bench/delay_proxy", endpoint, 20) as slow_endpoint:
        lines = chosen(s3_lines(args.build, endpoint, python), args)
        make_buckets(args.build, env, {line.name for line in lines})
        measure(lines, args.rounds, env, slow_endpoint)
    return lines


def clean_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {"AWS_REGION": "us-east-1"}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", default=ROOT / "build/release", type=pathlib.Path)
    options.add_argument("--only", action="append", default=[])
    options.add_argument("--rounds", default=5, type=int)
    options.add_argument("--no-peers", action="store_true")
    args = options.parse_args()
    local = {line.name for line in lines_without_server(args.build, "")}
    names = {line.name for line in s3_lines(args.build, "", "")} | local
    if unknown := set(args.only) - names:
        raise SystemExit(f"no such line: {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    python = sys.executable if args.no_peers else make_peers()
    wanted = set(args.only) or names
    lines = measure_local(args, python) if wanted & local else []
    if wanted - local:
        lines += measure_s3(args, python)
    return 0 if report(lines, ROOT / "build/bench.json") else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as why:
        sys.exit(str(why))
