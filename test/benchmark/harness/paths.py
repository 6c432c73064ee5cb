# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where things are, and the modules of test/numerics that the benchmark shares."""
import pathlib
import sys

BENCHMARK = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCHMARK.parents[1]
BUILD = ROOT / "build" / "benchmark"

sys.path.append(str(ROOT / "test" / "numerics"))

import catalog  # noqa: E402, F401
import network as numerics  # noqa: E402, F401
