"""A simulated cluster: machines that answer the vendor's tools as real ones do, their fabric, and timed faults."""
