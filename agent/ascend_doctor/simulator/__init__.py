"""A simulated cluster: machines that answer `npu-smi` and `hccn_tool` as real ones do, their fabric, and timed faults."""
