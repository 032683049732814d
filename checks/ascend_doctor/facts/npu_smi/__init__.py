"""`npu-smi`: the vendor's tool for the NPUs themselves. It prints results and errors to standard output alike."""
