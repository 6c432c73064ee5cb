# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs peers side by side: environments, child processes, rounds, and what they come to."""
