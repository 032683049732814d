"""Redaction: what it names is masked, the same everywhere, and the structure stays."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascend_doctor.model.evidence import Evidence
from ascend_doctor.probe import redact
from ascend_doctor.probe.recording import Recording
from ascend_doctor.probe.redact import Redactor

KEY = b"a key for tests"


def masked(text, key="hccn_tool/lldp@0", nodes=("worker-1", "worker-10"), redactor=None):
    """Return a text as it is after redaction."""
    evidence = (redactor or Redactor(nodes, KEY)).evidence(Evidence(key, ("x",), stdout=text.encode()))
    return evidence.stdout.decode()


@pytest.mark.parametrize(
    ("kind", "text", "secret"),
    [
        ("ipv4", "ipaddr:10.20.30.40", "10.20.30"),
        ("ipv4", "address_0=192.168.7.9\n", "192.168.7"),
        ("ipv6", "ipv6 2001:db8:1::7 up", "2001:db8:1::7"),
        ("ipv6", "fe80::1a2b:3c4d", "fe80::1a2b:3c4d"),
        ("mac", "MAC: 04:4A:6C:12:34:56", "12:34:56"),
        ("mac", "mac 044a-6c12-3456", "12-3456"),
        ("mac", "mac 04-4a-6c-12-34-56", "12-34-56"),
        ("host-name", "System Name TLV\n\tLeaf-Room7-A\n", "Leaf-Room7-A"),
        ("host-name", "from worker-10 to", "worker-10"),
        ("serial", "\tSerial Number                  : 2102312ABC\n", "2102312ABC"),
        ("serial", "vendor serial number : SN0123456789", "SN0123456789"),
        ("serial", "\tVDie ID                        : A7B3C1D0 20A04B10", "A7B3C1D0"),
        ("certificate-name", "         issuer[/C=CN/O=A Customer/CN=1thCA]", "A Customer"),
        ("secret", "password: hunter2", "hunter2"),
        ("secret", '"api_key" : "abc def"', "abc def"),
        ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\n", "MIIabc"),
        ("secret", "-----BEGIN PRIVATE KEY-----\nMIIabc\ncut off", "MIIabc"),
    ],
)
def test_what_is_masked(kind, text, secret):
    """Each kind that the redactor names is gone from the answer, and the answer says that it was there."""
    evidence = Redactor(("worker-1", "worker-10"), KEY).evidence(
        Evidence("hccn_tool/x@0", ("hccn_tool", text), stdout=text.encode(), stderr=text.encode(), note=text)
    )

    assert (kind,) == evidence.redactions
    for part in (evidence.stdout.decode(), evidence.stderr.decode(), evidence.note, evidence.argv[1]):
        assert secret not in part
        assert part.strip()


@pytest.mark.parametrize(
    "text",
    [
        "netmask:255.255.255.0",
        "netmask:192.0.0.0",
        "127.0.0.1 0.0.0.0 224.0.0.1 255.255.255.255",
        "firmware 7.7.0.6.236",
        "10.1.2.300",
        "10.01.2.3",
        "1.2.3.4a",
        "::1 ff02::1 ::",
        "12:34:56 0000:C1:00.0",
        "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
        "Serial Number : NA",
        "NDie ID : 00000000 00000000",
        "worker-100 worker-1-x",
        "400GE1/1/5:1",
        "1:2:3:4:5:6:7:8:9",
    ],
)
def test_what_stays(text):
    """What names nobody stays: masks, loopback, versions, bus ids, values that are not there."""
    evidence = Redactor(("worker-1",), KEY).evidence(Evidence("hccn_tool/x@0", (), stdout=text.encode()))

    assert (text, ()) == (evidence.stdout.decode(), evidence.redactions)


@pytest.mark.parametrize("key", ["file/driver-version", "file/firmware-version", "npu-smi/info", "npu-smi/board@0"])
def test_versions_of_four_numbers_stay(key):
    """A version may look like an address; where versions stand, nothing is taken for one."""
    assert "Version=24.1.0.3" == masked("Version=24.1.0.3", key)


def test_serial_numbers_are_masked_where_versions_stay():
    """Serial numbers are masked in every answer."""
    assert "2102312ABC" not in masked("\tSerial Number : 2102312ABC\n", "npu-smi/board@0")


addresses = st.integers(0, 2**24 - 1).map(lambda low: ipaddress.IPv4Address(0x0A000000 | low))


@settings(max_examples=60, deadline=None)
@given(addresses, addresses)
def test_subnets_stay_subnets(one, other):
    """Two addresses share after masking the bits of the network that they shared before; the last byte stays."""
    redactor = Redactor((), KEY)
    after = [ipaddress.IPv4Address(masked(str(address), redactor=redactor)) for address in (one, other)]
    shared = 32 - (int(one) ^ int(other)).bit_length()
    kept = 32 - (int(after[0]) ^ int(after[1])).bit_length()

    assert shared == kept
    assert int(one) % 256 == int(after[0]) % 256
    assert not after[0].is_loopback
    assert not after[0].is_multicast


def test_same_thing_same_mask_everywhere():
    """One redactor gives one thing one mask in all answers of all nodes, and another key another mask."""
    redactor = Redactor((), KEY)
    first = masked("ip 10.1.2.3 mac 04:4a:6c:12:34:56", redactor=redactor)

    assert first == masked("ip 10.1.2.3 mac 04:4a:6c:12:34:56", "hccn_tool/ip@1", redactor=redactor)
    assert first == masked("ip 10.1.2.3 mac 04:4a:6c:12:34:56")
    assert first != masked("ip 10.1.2.3 mac 04:4a:6c:12:34:56", redactor=Redactor(()))


def test_masks_keep_their_shape():
    """A mask parses where the thing itself did: a MAC in its notation, a serial number letter by letter."""
    assert masked("04:4A:6C:12:34:56").startswith("04:4A:6C:")
    assert masked("04:4A:6C:12:34:56").isupper()
    serial = masked("\tSerial Number : AB12cd").split()[-1]

    assert ["A", "A", "1", "1", "a", "a"] == [
        "1" if letter.isdecimal() else "A" if letter.isupper() else "a" for letter in serial
    ]


def test_bytes_that_are_no_text_come_through():
    """Bytes that are not UTF-8 stay where they are, and what stands between them is masked."""
    evidence = Redactor((), KEY).evidence(Evidence("x", (), stdout=b"\xff 10.1.2.3 \xe5\x9f"))

    assert (b"\xff ", b" \xe5\x9f") == (evidence.stdout[:2], evidence.stdout[-3:])
    assert b"10.1.2.3" not in evidence.stdout


def test_whole_recording():
    """Node names become numbers in their order, keys with addresses are masked, and the map leads back."""
    redactor = Redactor(("worker-10", "worker-2"), KEY)
    whole = Recording(
        "worker-10", {"k": Evidence("hccn_tool/ping@0:10.0.0.2", ("ping", "10.0.0.2"), stdout=b"worker-2 x")}
    )
    found = redactor.recording(whole)
    (key,) = found.evidence

    assert "node-2" == found.node
    assert b"node-1 x" == found.evidence[key].stdout
    assert key.startswith("hccn_tool/ping@0:")
    assert "10.0.0.2" not in key
    assert key.rpartition(":")[2] == found.evidence[key].argv[1]
    back = redactor.private_map()
    assert "worker-10" == back["host-name"]["node-2"]
    assert "10.0.0.2" == back["ipv4"][found.evidence[key].argv[1]]


def test_node_that_nobody_named():
    """A recording of a node that the redactor was not told of is masked all the same."""
    assert "host-1" == Redactor((), KEY).recording(Recording("worker-1", {})).node


def test_twice_is_once():
    """Redacting what is redacted already keeps what was noted, names included."""
    redactor = Redactor((), KEY)
    text = "System Name TLV\n\tLeaf-1\n         issuer[/CN=x]\npassword: x"
    once = redactor.evidence(Evidence("x", (), stdout=text.encode(), redactions=("of-old",)))

    assert once == redactor.evidence(once)
    assert ("secret", "host-name", "certificate-name", "of-old") == once.redactions


def test_kinds_are_documented():
    """The kinds are the words that stand in a recording."""
    assert {"secret", "ipv4", "ipv6", "mac", "host-name", "serial", "certificate-name"} == set(redact.KINDS)
