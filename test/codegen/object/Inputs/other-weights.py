# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""other-weights.py FROM TO: copies a .safetensors file and turns its last byte of data around."""
import pathlib
import sys

data = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
data[-2] ^= 1
pathlib.Path(sys.argv[2]).write_bytes(data)
