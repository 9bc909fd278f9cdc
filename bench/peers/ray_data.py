"""The peer of the dataset lines: Ray Data, used as its documentation shows. Prints one JSON line.

    ray_data.py mnist ENDPOINT BUCKET PREFIX COUNT      images/s, steady: counted from the first batch on
    ray_data.py first_batch ENDPOINT BUCKET PREFIX      seconds to the first batch, listing included
    ray_data.py list ENDPOINT BUCKET PREFIX             keys/s of minio-py, which its tutorials list with
    ray_data.py get ENDPOINT BUCKET PREFIX              objects/s into blocks
    ray_data.py jpeg FOLDER | parquet FOLDER | rows COUNT

Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

import json
import logging
import os
import sys
import time

import cv2
import minio
import numpy as np
import ray
import ray.data


def client(endpoint):
    return minio.Minio(endpoint, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], secure=False)


def keys(endpoint, bucket, prefix):
    return [o.object_name for o in client(endpoint).list_objects(bucket, prefix=prefix, recursive=True)]


def fetch(rows, endpoint, bucket, decode):
    store = client(endpoint)
    out = []
    for key in rows["item"]:
        answer = store.get_object(bucket, str(key))
        out.append(decode(answer.read()))
        answer.close()
        answer.release_conn()
    return out


def digits(rows, endpoint, bucket):
    def decode(data):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        return (image - 0.5) / 0.5

    images = np.stack(fetch(rows, endpoint, bucket, decode))[:, None]
    return {"image": images, "label": np.array([int(str(k).split("/")[1]) for k in rows["item"]])}


def blobs(rows, endpoint, bucket):
    return {"bytes": fetch(rows, endpoint, bucket, bytes)}


def halve(rows):
    return {"image": rows["image"][:, ::2, ::2].astype(np.float32) / 255}


def count_rows(dataset, batch_size):
    """Rows, and seconds from the start to the first batch and to the end."""
    start = time.perf_counter()
    first, rows = None, 0
    for batch in dataset.iter_batches(batch_size=batch_size):
        if first is None:
            first, first_rows = time.perf_counter() - start, len(next(iter(batch.values())))
        rows += len(next(iter(batch.values())))
    return rows, first, time.perf_counter() - start, first_rows


def main():
    line, args = sys.argv[1], sys.argv[2:]
    if line == "list":
        start = time.perf_counter()
        found = len(keys(*args))
        return found / (time.perf_counter() - start)
    ray.init(num_cpus=os.cpu_count(), log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    ray.data.range(100).materialize()
    if line in ("mnist", "first_batch", "get"):
        endpoint, bucket, prefix = args[:3]
        start = time.perf_counter()
        found = keys(endpoint, bucket, prefix)
        listing = time.perf_counter() - start
        if len(args) > 3:
            found = found[: int(args[3])]
        step, size = (blobs, 16) if line == "get" else (digits, 400)
        source = ray.data.from_items(found, override_num_blocks=16)
        dataset = source.map_batches(step, batch_size=1000, fn_args=(endpoint, bucket))
        if line == "first_batch":
            start = time.perf_counter()
            next(iter(dataset.iter_batches(batch_size=size)))
            return listing + time.perf_counter() - start
        rows, first, seconds, first_rows = count_rows(dataset, size)
        return rows / seconds if line == "get" else (rows - first_rows) / (seconds - first)
    if line == "jpeg":
        rows, first, seconds, first_rows = count_rows(
            ray.data.read_images(args[0]).map_batches(halve, batch_size=64), 64)
        return (rows - first_rows) / (seconds - first)
    if line == "parquet":
        return count_rows(ray.data.read_parquet(args[0], columns=["g", "v"]), 65536)[2]
    if line == "rows":
        return count_rows(ray.data.range(int(args[0])).map(lambda row: {"id": row["id"] + 1}), 4096)[2]
    raise SystemExit(f"unknown line {line}")


if __name__ == "__main__":
    print(json.dumps({"value": main()}), flush=True)
