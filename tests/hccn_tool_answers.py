"""Parts of what hccn_tool prints, and what a parser makes of them."""

from __future__ import annotations

from typing import Any, Optional

from ascend_doctor.facts.catalogue import BY_NAME
from samples import answer

SPEED_RULE = "+-----+------+------+---------+-----+-------+--------+\n"
SPEED_HEAD = f"{SPEED_RULE}| NPU | UDie | Port | Speed | Cap | Width | Status |\n{SPEED_RULE}"

COUNTERS = "".join(f"counter_{letter}:{number}\n" for number, letter in enumerate("abcdefghij"))

PING = "device 0 PING 10.0.0.2\nrecv time out seq=0\nrecv seq=1,time=0.049000ms\nrecv seq=2,time=0.047000ms\n"

# About TLS: the head of a run, the fields of a certificate, its status, and two certificates.
HEAD = (
    "dev_id:3, tls switch[1](0:disable, 1:enable), tls preconfigured[0](0:non-preset, 1:preset), "
    "tls alarm time threshold[60]days\n"
)
FIELDS = "\t issuer[/CN=root]\n\t start_time[Thu Jan  1 00:00:00 2020 GMT]\n\t end_time[Fri Jan  1 00:00:00 2021 GMT]\n"
STATUS = "\t tls expiration status[{}](0:normal, 1:near expiration, 2:has expired)\n"
PUB = f"dev_id:3, [pub cert] info:\n\t subject[/CN=leaf]\n{FIELDS}"
CA1 = f"dev_id:3, [ca1 cert] info:\n\t subject[]\n{FIELDS}"


def read(name: str, stdout: str, *, stderr: str = "", exit_code: Optional[int] = 0) -> Any:
    """Return what the source of a command makes of an answer."""
    return BY_NAME[f"hccn_tool/{name}"].read(answer(stdout.encode(), stderr=stderr.encode(), exit_code=exit_code))
