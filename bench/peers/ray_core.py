"""The peer of the lines of tasks and actors in worker processes: Ray from Python. Prints one JSON line.

    ray_core.py task_sync|task_async|task_chain|actor_sync|actor_async|actor_create|wait_1k|cold_start COUNT
"""

import json
import subprocess
import sys
import time

import ray


@ray.remote
def same(x):
    return x


@ray.remote
class Adder:
    def __init__(self):
        self.total = 0

    def add(self, x):
        self.total += x
        return self.total


def task_sync(count):
    for i in range(count):
        assert ray.get(same.remote(i)) == i


def task_async(count):
    assert ray.get([same.remote(i) for i in range(count)])[-1] == count - 1


def task_chain(count):
    last = same.remote(0)
    for _ in range(count - 1):
        last = same.remote(last)
    ray.get(last)


def actor_calls(is_sync):
    adder = Adder.remote()
    ray.get(adder.add.remote(0))

    def run(count):
        if is_sync:
            for _ in range(count):
                ray.get(adder.add.remote(1))
        else:
            ray.get([adder.add.remote(1) for _ in range(count)])
    return run


def actor_create(count):
    for _ in range(count // 4):
        adders = [Adder.options(num_cpus=0).remote() for _ in range(4)]
        ray.get([adder.add.remote(1) for adder in adders])
        for adder in adders:
            ray.kill(adder)


def wait_1k(count):
    for _ in range(count):
        pending = [same.remote(i) for i in range(1000)]
        while pending:
            _, pending = ray.wait(pending)


def first_result():
    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False)
    assert ray.get(same.remote(1)) == 1
    print("1", flush=True)


def cold_start(count):
    start = time.perf_counter()
    for _ in range(count):
        with subprocess.Popen([sys.executable, __file__, "first_result"], stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"1\n"
            elapsed = time.perf_counter() - start
    return elapsed / count


def main():
    line = sys.argv[1]
    if line == "first_result":
        return first_result()
    count = int(sys.argv[2])
    if line == "cold_start":
        value = cold_start(count)
    else:
        ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False)
        ray.get([same.remote(i) for i in range(200)])
        run = actor_calls(line == "actor_sync") if line in ("actor_sync", "actor_async") else globals()[line]
        start = time.perf_counter()
        run(count)
        value = count / (time.perf_counter() - start)
    print(json.dumps({"value": value, "ops": count}))


if __name__ == "__main__":
    main()
