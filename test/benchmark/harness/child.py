# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The child process that one peer lives in, seen from outside: requests and answers are lines of JSON."""
import json
import os
import select
import signal
import subprocess

from harness.paths import BENCHMARK, BUILD

LIMITS = (  # every library's own name for how many threads it may have
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TVM_NUM_THREADS",
)


class Failed(Exception):
    """The child cannot answer: it died, took too long, or says that it failed."""


class Lacks(Exception):
    """The peer has no such workload or precision."""


class Child:
    """`python worker.py PEER` on `cpus`; one request at a time."""

    def __init__(self, python, peer, threads, cpus):
        log = BUILD / "logs" / f"{peer}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = open(log, "ab")
        environment = os.environ | {name: str(threads) for name in LIMITS}
        environment |= {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
        command = [str(python), str(BENCHMARK / "harness" / "worker.py"), peer, str(threads)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            cwd=BUILD,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        )
        self.pending = b""

    def ask(self, patience, **request):
        """The answer to one request, within so many seconds."""
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail(self.how_it_ended())
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], patience)
            if not ready:
                self.fail(f"no answer within {patience} s")
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                self.fail(self.how_it_ended())
            self.pending += piece
        line, _, self.pending = self.pending.partition(b"\n")
        answer = json.loads(line)
        if "lacks" in answer:
            raise Lacks(answer["lacks"])
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def how_it_ended(self):
        code = self.process.wait()
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"

    def fail(self, why):
        self.close()
        raise Failed(why)

    def is_alive(self):
        return self.process.poll() is None

    def close(self):
        """Ends the process and those that it started."""
        if self.is_alive():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.log):
            try:
                file.close()
            except BrokenPipeError:
                pass
