"""The Python that jobs use: what is installed in it, which NPUs it sees, and whether they compute.

The questions are put by a script of the doctor that the configured interpreter runs; it prints one JSON object.
"""
