"""The half of the doctor that looks: it runs the tools, records what they say, and judges. It never imports grpc.

gRPC's fork handlers break `fork()` in the same process, and what may have to run as root should not face the network.
"""
