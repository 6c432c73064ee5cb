# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured: one module for each kind of workload."""
from workloads import attention, matmul, networks, recurrent

ALL = {workload.name: workload for module in (networks, matmul, attention, recurrent) for workload in module.workloads()}
