"""Masks what an answer tells about the site: addresses, names, serial numbers, secrets.

Masks are consistent: the same thing has the same mask in every answer of every node that one `Redactor` goes over, and
a masked address is an address again. Addresses that share their first n bits share exactly n bits after it, and the
last byte of an IPv4 address stays, so that subnets, gateways and duplicates are what they were, and a recording without
its identities gets the same verdict.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from typing import Callable, Dict, FrozenSet, List, Mapping, Match, Optional, Pattern, Sequence, Set, Tuple

import attrs

from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.subject import natural
from ascend_doctor.probe.recording import Recording

SECRET = "secret"  # noqa: S105 - the name of the kind
IPV4, IPV6, MAC, HOST_NAME, SERIAL, CERTIFICATE_NAME = "ipv4", "ipv6", "mac", "host-name", "serial", "certificate-name"
KINDS = (SECRET, IPV4, IPV6, MAC, HOST_NAME, SERIAL, CERTIFICATE_NAME)
MASKED_SECRET = "[secret]"  # noqa: S105 - what stands in its place

_Replacement = Callable[[Match[str]], str]

_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_NAMED_SECRET = re.compile(
    r"(?i)(\b[\w-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|community)[\w-]*[\"']?[ \t]*[:=][ \t]*)"
    r"((?!(?:true|false|null)[ \t]*[,}\]])\S[^\r\n]*)"  # `"has_passwd_entry": true,` of the host facts is no secret
)
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.]*[\w])")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{2,39}(?![\w:.])")
_MAC = re.compile(
    r"(?<![\w:.-])(?:(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}[.-]){2}[0-9A-Fa-f]{4})(?![\w:.-])"
)
_SERIAL = re.compile(
    r"(?im)^([ \t|\"']*(?:[\w ]*serial (?:number|num|no)|[\w ]*\bsn|[a-z]?die id|uuid)[\"']?[ \t]*[:=][ \t]*)"
    r"(\S[^\r\n|]*)"
)
_SYSTEM_NAME = re.compile(r"(?m)^([ \t]*System Name TLV[ \t]*\r?\n[ \t]*)(\S[^\r\n]*)")
_CERTIFICATE_NAME = re.compile(r"((?:subject|issuer)\[)([^\]\r\n]+)(?=\])")
_NOT_THERE = re.compile(r"(?:NA|N/A|-|x+|[0 ]+|0x0+)\Z", re.IGNORECASE)

_WITHOUT_ADDRESSES = ("npu-smi/", "file/driver-version", "file/firmware-version")
"""Answers that hold versions of four numbers, which look like addresses, and chip names that could look like hosts."""


class Redactor:
    """Masks answers. `key` decides the masks of addresses and serial numbers; keep it as private as the map.

    `nodes` are the names of the nodes whose answers it will see; they become `node-1`, `node-2`, … in their order.
    """

    def __init__(self, nodes: Sequence[str] = (), key: Optional[bytes] = None) -> None:
        self._key = secrets.token_bytes(32) if key is None else key
        self._masks: Dict[str, Dict[str, str]] = {kind: {} for kind in KINDS}
        for number, name in enumerate(sorted(set(nodes), key=natural), start=1):
            self._masks[HOST_NAME][name] = f"node-{number}"
        names = sorted((re.escape(name) for name in nodes), key=len, reverse=True)
        self._nodes = re.compile(rf"(?<![\w.-])(?:{'|'.join(names)})(?![\w-])") if names else None

    def private_map(self) -> Mapping[str, Mapping[str, str]]:
        """Return what stands behind each mask, by kind. For the operator only; it never goes into the recording."""
        return {kind: {mask: name for name, mask in masks.items()} for kind, masks in self._masks.items() if masks}

    def recording(self, recording: Recording) -> Recording:
        """Return a recording with everything masked."""
        evidence = [self.evidence(item) for item in recording.evidence.values()]
        node = self._masks[HOST_NAME].get(recording.node) or self._numbered(HOST_NAME, recording.node, "host")
        return attrs.evolve(recording, node=node, evidence={item.key: item for item in evidence})

    def evidence(self, evidence: Evidence) -> Evidence:
        """Return an answer with everything masked; `redactions` names the kinds that it held."""
        found: Set[str] = set(evidence.redactions)
        steps = self._steps(addresses=not evidence.key.startswith(_WITHOUT_ADDRESSES))

        def masked(text: str) -> str:
            for kind, pattern, replacement in steps:
                after = pattern.sub(replacement, text)
                if after != text:
                    found.add(kind)
                text = after
            return text

        def masked_bytes(data: bytes) -> bytes:
            # The vendor prints what is looked for in ASCII; latin-1 takes every byte there and back.
            return masked(data.decode("latin-1")).encode("latin-1")

        return attrs.evolve(
            evidence,
            key=masked(evidence.key),
            argv=tuple(masked(word) for word in evidence.argv),
            stdout=masked_bytes(evidence.stdout),
            stderr=masked_bytes(evidence.stderr),
            note=masked(evidence.note),
            redactions=tuple(kind for kind in (*KINDS, *sorted(found - set(KINDS))) if kind in found),
        )

    def _steps(self, *, addresses: bool) -> List[Tuple[str, Pattern[str], _Replacement]]:
        steps: List[Tuple[str, Pattern[str], _Replacement]] = [
            (SECRET, _PRIVATE_KEY, lambda _: MASKED_SECRET),
            (SECRET, _NAMED_SECRET, lambda match: match.group(1) + MASKED_SECRET),
            (SERIAL, _SERIAL, lambda match: match.group(1) + self._serial(match.group(2))),
        ]
        if not addresses:
            return steps
        steps += [
            (HOST_NAME, _SYSTEM_NAME, lambda match: match.group(1) + self._numbered(HOST_NAME, match.group(2), "host")),
            (
                CERTIFICATE_NAME,
                _CERTIFICATE_NAME,
                lambda match: match.group(1) + self._numbered(CERTIFICATE_NAME, match.group(2), "/CN=name"),
            ),
            (MAC, _MAC, lambda match: self._kept(MAC, match.group(), self._mac)),
            (IPV6, _IPV6, lambda match: self._kept(IPV6, match.group(), self._ipv6)),
            (IPV4, _IPV4, lambda match: self._kept(IPV4, match.group(), self._ipv4)),
        ]
        if self._nodes is not None:
            steps.append((HOST_NAME, self._nodes, lambda match: self._masks[HOST_NAME][match.group()]))
        return steps

    def _kept(self, kind: str, text: str, mask: Callable[[str], str]) -> str:
        masks = self._masks[kind]
        if text not in masks:
            after = mask(text)
            if after == text:
                return text
            masks[text] = after
        return masks[text]

    def _numbered(self, kind: str, text: str, word: str) -> str:
        masks = self._masks[kind]
        if text in masks.values():
            return text
        return masks.setdefault(text, f"{word}-{len(masks) + 1}")

    def _bits(self, purpose: str, text: str, count: int = 256) -> int:
        digest = hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
        return int.from_bytes(digest, "big") >> (256 - count)

    def _flipped(self, purpose: str, bits: str) -> str:
        """Flip each bit or not, as the bits before it decide: a common beginning stays common, and no longer."""
        return "".join(str(int(bit) ^ self._bits(purpose, bits[:place], 1)) for place, bit in enumerate(bits))

    def _ipv4(self, text: str) -> str:
        parts = text.split(".")
        if any(int(part) > 255 or (len(part) > 1 and part.startswith("0")) for part in parts):
            return text
        first = int(parts[0])
        if first not in _FIRST_BYTES or _is_mask(parts):
            return text
        middle = self._flipped(IPV4, f"{first:08b}{int(parts[1]):08b}{int(parts[2]):08b}")[8:]
        return f"{self._first_byte(first)}.{int(middle[:8], 2)}.{int(middle[8:], 2)}.{parts[3]}"

    def _first_byte(self, byte: int) -> int:
        shuffled = sorted(_FIRST_BYTES, key=lambda other: self._bits("first byte", str(other)))
        return shuffled[sorted(_FIRST_BYTES).index(byte)]

    def _ipv6(self, text: str) -> str:
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return text
        bits = f"{int(address):0128b}"
        return str(ipaddress.IPv6Address(int(bits[:16] + self._flipped(IPV6, bits)[16:], 2)))

    def _mac(self, text: str) -> str:
        """Mask the part that the maker numbers; which maker it was stays."""
        digits = re.sub(r"[^0-9A-Fa-f]", "", text).lower()
        if digits in ("0" * 12, "f" * 12):
            return text
        masked = iter(digits[:6] + f"{int(self._flipped(MAC, f'{int(digits, 16):048b}'), 2):012x}"[6:])
        upper = text.upper() == text
        shown = "".join(next(masked) if letter.isalnum() else letter for letter in text)
        return shown.upper() if upper else shown

    def _serial(self, text: str) -> str:
        value = text.rstrip()
        return text if _NOT_THERE.match(value) else self._kept(SERIAL, value, self._alike) + text[len(value) :]

    def _alike(self, text: str) -> str:
        """Return a text of the same shape: a digit for a digit, a letter for a letter of the same case."""
        number = self._bits(SERIAL, text, 256)
        hexadecimal = re.fullmatch(r"[0-9A-Fa-f x]+", text) is not None
        shown = ""
        for place, letter in enumerate(text):
            drawn = self._bits(f"{SERIAL} {number}", str(place), 32)
            if letter.isdecimal():
                shown += str(drawn % 10)
            elif letter.isalpha() and letter != "x":
                shown += chr(ord("A" if letter.isupper() else "a") + drawn % (6 if hexadecimal else 26))
            else:
                shown += letter
        return shown


_FIRST_BYTES: FrozenSet[int] = frozenset(range(1, 224)) - {127, 169}
"""What an address of a host can begin with; loopback, link-local, multicast and masks are no identities."""


def _is_mask(parts: Sequence[str]) -> bool:
    return int(parts[0]) in (128, 192) and parts[1:] == ["0", "0", "0"]
