# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lets the tests of this folder import what they share."""
import os
import pathlib
import sys

# What a compiler of before has kept is not what is to be tested.
os.environ["NACRE_CACHE_DIR"] = ""

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
