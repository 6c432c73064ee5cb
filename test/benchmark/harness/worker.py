#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The child process of one peer: worker.py PEER THREADS. Reads requests from stdin, answers on stdout, a line each.

    {"do": "version"}                                   -> {"version": "1.2.3"}
    {"do": "materialise", "workload": W, "folder": F}   -> {}
    {"do": "prepare", "workload": W, "folder": F, "result": FILE.npy}   -> {}: ready, and FILE has the result of one
                                                           call; Nacre says {"arena_bytes": N}
    {"do": "time", "calls": N, "warm": B}               -> {"seconds": [...]}, where warm after one call that is not timed
    {"do": "release"}                                   -> {}
    {"do": "rates", "precision": P, "weights": BYTES}   -> {"multiply": operations a second, "read": bytes a second}

Or {"lacks": why} and {"failed": why}. What libraries print goes to stderr.
"""
import json
import os
import pathlib
import sys
import time
import traceback

# First: what this file's own folder has must not hide the peers' packages.
sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])


def reason(error):
    """The first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]


class Worker:
    def __init__(self, name, threads):
        self.name, self.threads = name, threads
        self.peer = self.call = self.probe = None

    def version(self):
        return {"version": self.started().version()}

    def started(self):
        if self.peer is None:
            from peers import ALL

            self.peer = ALL[self.name](self.threads)
        return self.peer

    def materialise(self, workload, folder):
        from workloads import ALL

        ALL[workload].materialise(pathlib.Path(folder))
        return {}

    def prepare(self, workload, folder, result):
        import numpy as np
        from peers.base import Lacks
        from workloads import ALL

        try:
            self.call, convert = self.started().prepare(ALL[workload], pathlib.Path(folder))
        except Lacks as lack:
            return {"lacks": str(lack)}
        np.save(result, ALL[workload].select(np.asarray(convert(self.call()), np.float32)))
        arena = getattr(self.peer, "arena_bytes", None)
        return {} if arena is None else {"arena_bytes": arena}

    def time(self, calls, warm):
        call, clock = self.call, time.perf_counter
        if warm:
            call()
        seconds = []
        for _ in range(calls):
            start = clock()
            call()
            seconds.append(clock() - start)
        return {"seconds": seconds}

    def rates(self, **what):
        from harness.probe import Probe

        self.probe = self.probe or Probe(self.threads)
        return self.probe.rates(**what)

    def release(self):
        self.call = None
        self.started().release()
        return {}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:
            traceback.print_exc()
            answer = {"failed": reason(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
