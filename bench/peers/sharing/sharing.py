"""Locks, queues and dictionaries that Python processes share, used by many of them at the same time.

Reads lines from stdin, each a JSON object: {"do": "run", "times": N} has each process do its work N times, and is
answered by the seconds from when all were ready until all were done, when the results have been looked at;
{"do": "count", "times": N, "file": FILE} has each add one to the number in a file, N times, with the lock.
Usage: sharing.py multiprocessing|aioprocessing WORK, as in {"kind": "queue", "producers": 1, "consumers": "program"}
"""
import asyncio
import json
import multiprocessing
import sys
import time
from pathlib import Path


class Multiprocessing:
    """What one writes with multiprocessing."""

    def __init__(self):
        self.new_lock = multiprocessing.Lock
        self.new_queue = multiprocessing.Queue

    def lock(self, lock, times):
        had = 0
        for _ in range(times):
            with lock:
                pass
            had += 1
        return had

    def count(self, lock, times, file):
        for _ in range(times):
            with lock:
                add_one(file)
        return times

    def put(self, queue, times):
        for item in range(times):
            queue.put(item)
        return times

    def get(self, queue, times):
        total = 0
        for _ in range(times):
            total += queue.get()
        return total

    def set(self, entries, times):
        for value in range(1, times + 1):
            entries["key"] = value
        return entries["key"]


class Aioprocessing:
    """What one writes with aioprocessing, in an event loop."""

    def __init__(self):
        import aioprocessing

        self.new_lock = aioprocessing.AioLock
        self.new_queue = aioprocessing.AioQueue

    def lock(self, lock, times):
        async def run():
            had = 0
            for _ in range(times):
                await lock.coro_acquire()
                lock.release()
                had += 1
            return had

        return asyncio.run(run())

    def count(self, lock, times, file):
        async def run():
            for _ in range(times):
                await lock.coro_acquire()
                add_one(file)
                lock.release()
            return times

        return asyncio.run(run())

    def put(self, queue, times):
        async def run():
            for item in range(times):
                await queue.coro_put(item)
            return times

        return asyncio.run(run())

    def get(self, queue, times):
        async def run():
            total = 0
            for _ in range(times):
                total += await queue.coro_get()
            return total

        return asyncio.run(run())


def add_one(file):
    number = Path(file)
    number.write_text(str(int(number.read_text()) + 1))


LIBRARIES = {"multiprocessing": Multiprocessing, "aioprocessing": Aioprocessing}


class Crew:
    """Processes that work at the same time, each at its own work."""

    def __init__(self, works):
        self.orders = [multiprocessing.SimpleQueue() for _ in works]
        self.results = multiprocessing.SimpleQueue()
        self.start = multiprocessing.Barrier(len(works) + 1)
        for work, orders in zip(works, self.orders):
            multiprocessing.Process(target=self.serve, args=(work, orders), daemon=True).start()

    def serve(self, work, orders):
        while True:
            do, *args = orders.get()
            self.start.wait()
            try:
                self.results.put(work[do](*args))
            except Exception as error:
                self.results.put(error)

    def run(self, do, *args, own=None):
        for orders in self.orders:
            orders.put((do, *args))
        self.start.wait()
        start = time.perf_counter()
        results = [own(*args)] if own else []
        for _ in self.orders:
            result = self.results.get()
            if isinstance(result, Exception):
                raise result
            results.append(result)
        return time.perf_counter() - start, sum(results)


class LockWork:
    def __init__(self, library, workers):
        lock, self.workers = library.new_lock(), workers
        work = {
            "run": lambda times: library.lock(lock, times),
            "count": lambda times, file: library.count(lock, times, file),
        }
        self.crew, self.own = Crew([work] * workers), None

    def expected(self, times):
        return self.workers * times


class QueueWork:
    def __init__(self, library, producers, consumers):
        queue = library.new_queue()
        put = {"run": lambda times: library.put(queue, times)}
        get = {"run": lambda times: library.get(queue, times)}
        self.own = put["run"] if producers == "program" else get["run"] if consumers == "program" else None
        self.pairs = 1 if producers == "program" else producers
        self.crew = Crew(on_side(producers, put) + on_side(consumers, get))

    def expected(self, times):
        return self.pairs * (times + times * (times - 1) // 2)


def on_side(side, work):
    return [] if side == "program" else [work] * side


class MapWork:
    def __init__(self, library):
        self.manager = multiprocessing.Manager()
        # The manager drops it when nobody has it in this process, whoever has it in another.
        self.entries = self.manager.dict()
        self.crew, self.own = Crew([{"run": lambda times: library.set(self.entries, times)}]), None

    def expected(self, times):
        return times


WORKS = {"lock": LockWork, "queue": QueueWork, "map": MapWork}


def main(library, work):
    # The work of a process is a closure, which is inherited and not sent.
    multiprocessing.set_start_method("fork")
    options = json.loads(work)
    work = WORKS[options.pop("kind")](LIBRARIES[library](), **options)
    for line in sys.stdin:
        order = json.loads(line)
        times = order["times"]
        if order["do"] == "count":
            seconds, _ = work.crew.run("count", times, order["file"])
        else:
            seconds, total = work.crew.run("run", times, own=work.own)
            assert total == work.expected(times), f"Expected {work.expected(times)} in sum, got {total}"
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
