"""A function that returns its argument, run for many numbers in a pool of Python processes.

Reads lines from stdin, each a JSON list of two numbers: how many items, and the chunksize. Answers each by the
seconds that it took, when it has looked at the results. The pool stays warm between the lines.
Usage: mapping.py executor.map|pool.imap|pool.imap_unordered WORKERS
"""
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

QUESTIONS_PER_WORKER = 6
# Long enough that a pool hands the next question to another process.
BLOCK_SECONDS = 0.01
# Two processes that share the items evenly serve a half each. Below this one of them was hardly in use.
SMALLEST_SHARE = 0.1

served = 0


def echo(item):
    global served
    served += 1
    return item


def whereabouts(_):
    time.sleep(BLOCK_SECONDS)
    return os.getpid(), served


def with_executor(workers):
    executor = ProcessPoolExecutor(max_workers=workers)
    return executor, lambda work, items, size: executor.map(work, items, chunksize=size)


def with_pool(workers):
    pool = Pool(workers)
    return pool, pool.imap


def with_unordered_pool(workers):
    pool = Pool(workers)
    return pool, pool.imap_unordered


WAYS = {
    "executor.map": with_executor,
    "pool.imap": with_pool,
    "pool.imap_unordered": with_unordered_pool,
}


def main(way, workers):
    workers = int(workers)
    pool, run = WAYS[way](workers)
    with pool:
        find_workers(run, workers)
        total = 0
        for line in sys.stdin:
            count, chunksize = json.loads(line)
            seconds, results = timed(run, count, chunksize)
            if way == "pool.imap_unordered":
                results.sort()
            assert results == list(range(count)), "Expected each item back, once"
            total += count
            print(json.dumps(seconds), flush=True)
        shares = find_workers(run, workers).values()
        assert sum(shares) == total, f"Expected {total} items to have been served, got {sum(shares)}"
        assert min(shares) >= total * SMALLEST_SHARE, f"Expected all processes to be busy, got {list(shares)}"


def find_workers(run, workers):
    found = dict(run(whereabouts, range(workers * QUESTIONS_PER_WORKER), 1))
    assert len(found) == workers, f"Expected {workers} processes to answer, got {len(found)}"
    return found


def timed(run, count, chunksize):
    items = list(range(count))
    start = time.perf_counter()
    results = list(run(echo, items, chunksize))
    return time.perf_counter() - start, results


if __name__ == "__main__":
    main(*sys.argv[1:])
