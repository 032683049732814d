"""A report goes in, text comes out: terminal, JSON, Prometheus, and the pages of the checks. Nothing here does I/O."""
