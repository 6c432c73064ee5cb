# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where things are, and the modules of test/numerics that the benchmark shares."""
import pathlib
import sys
import zlib

BENCHMARK = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCHMARK.parents[1]
BUILD = ROOT / "build" / "benchmark"

NUMERICS = ROOT / "test" / "numerics"

sys.path.append(str(NUMERICS))

import catalog  # noqa: E402, F401
import network as numerics  # noqa: E402, F401


def stamp_of(files):
    """Changes when one of the files does."""
    return str(zlib.crc32(b"".join(path.read_bytes() for path in sorted(files))))
