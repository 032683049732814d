"""What the operating system says of the node, one module for each question.

The answers are the doctor's own JSON, so that they can be recorded; `ascend_doctor.probe.host` writes them.
"""
