"""`hccn_tool`: the vendor's tool for the RoCE ports of the NPUs (the forms of A1, A2 and A3).

Results go to standard output, most errors to standard error, some to standard output; both are read.
"""
