"""How a `hccn_tool` command ends: what it printed on which stream, and its exit code."""

from __future__ import annotations

from typing import Callable, Dict, Optional, Sequence

import attrs

from ascend_doctor.simulator.hardware import Answer, Machine, Port


@attrs.frozen
class Outcome:
    """The lines on each stream and the exit code."""

    out: Sequence[str] = ()
    err: Sequence[str] = ()
    code: int = 0

    def answer(self, before: Sequence[str] = ()) -> Answer:
        """Return the answer, with lines that the tool printed before it did anything."""
        return Answer(_bytes((*before, *self.out)), _bytes(self.err), self.code)


def _bytes(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@attrs.frozen
class Request:
    """A question about one port. `words` are what follows the command's name, `now` the device's time."""

    machine: Machine
    phy_id: int
    port: Port
    words: Sequence[str]
    now: float


Command = Callable[[Request], Outcome]

# Numbered as in the vendor's list of errors, of which a shell sees the low byte (ossl_user_linux.h).
FAILED = Outcome(err=("Command execute failed!",), code=1)
NO_GATEWAY = Outcome(err=("Get gateway failed, because no gateway was preset there!",), code=2)
NO_ADDRESS = Outcome(err=("Get ipconf failed, because no ip was preset there!",), code=13)
NO_DEVICE = Outcome(err=("The device is not exist!",), code=4)
NO_CERTIFICATE = Outcome(err=("No certificate found, please set certs firstly!",), code=14)
NO_CONTROL_LINK = Outcome(err=("Control link unreachable.",), code=15)
BUSY = Outcome(("hccn_tool is busy, please try again.",), code=11)
DENIED = Outcome(err=("permission denied: pls check this cmd run permission.",), code=12)
UNSUPPORTED = Outcome(("The command is not supported on this product.",), code=13)
NO_IPV6 = Outcome(("This device does not support IPV6!",), code=23)
NO_BOND = Outcome(("This device does not support bonding!",), code=24)
WRONG_ADDRESS = Outcome(err=("The ip address you configured is invalid!",), code=6)
WRONG_DEVICE = Outcome(err=("Get invalid device id.",), code=4)
WRONG_LENGTH = Outcome(err=("Get invalid input param len.",), code=5)

_MORE = "Enter [ hccn_tool -h ] for more details."
WRONG_COUNT_OF_WORDS = Outcome(err=("Get invalid major cmd number. Please check your input.", _MORE), code=2)
WRONG_COMMAND = Outcome(err=("Get invalid major cmd.", _MORE), code=3)
WRONG_KIND = Outcome(
    err=('Get invalid major cmd type. The valid major cmd type should be "-a" or "-i".', _MORE), code=1
)

NO_SUCH_ENTRY = -2
"""What the device returns when nothing is set."""

_BY_RETURN: Dict[int, Outcome] = {
    -67: Outcome(err=("Execute failed: Link status is down.",), code=22),
    -16: BUSY,
    -13: DENIED,
    256: Outcome(err=("Get lock failed. Please try again.",), code=25),
}


def failed_call(port: Port, command: str) -> Optional[int]:
    """Return what the call to the device returns for a command, None when it succeeds."""
    return port.call_failures.get(command, port.call_failures.get("*"))


def of_return(code: int) -> Outcome:
    """Return how the tool tells a failed call to the device (vendor source, dsmi_analysis_dsmi_ret_to_uda)."""
    return _BY_RETURN.get(code, FAILED)
