# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured: one module for each kind of workload."""
from workloads import attention, decoding, matmul, networks, recurrent

MODULES = (networks, decoding, matmul, attention, recurrent)
ALL = {workload.name: workload for module in MODULES for workload in module.workloads()}
