"""The questions of `hccn_tool` in the form of the 950 (`hccn_tool -g -CMD -i NPU [-u UDIE -p PORT]`).

Their ports carry the vendor's own protocol (UB) or Ethernet. Where the answer is that of an older product the parser
is the one beside this package.
"""
