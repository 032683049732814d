"""The words of the product: what was read, about what, what it means, and what to do.

Everything here is a frozen value: no I/O, no clock, no environment. It imports attrs and the standard library only.
"""
