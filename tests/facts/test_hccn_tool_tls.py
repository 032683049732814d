"""What no recorded answer of `hccn_tool -tls` shows: expired certificates, the 950, answers in parts."""

from __future__ import annotations

from ascend_doctor.facts.document import document
from ascend_doctor.model.reading import NOT_REPORTED, Absence, Missing
from hccn_tool_answers import CA1, HEAD, PUB, STATUS, read


def test_expired_line_on_standard_error_belongs_to_the_certificate_without_one() -> None:
    """Of two certificates the one that lacks a status is the expired one, wherever it stands."""
    facts = read("tls", HEAD + PUB + CA1 + STATUS.format(0), stderr=STATUS.format(2))

    assert [("pub cert", 2), ("ca1 cert", 0)] == [(cert.name, cert.expiration) for cert in facts.certs]


def test_expired_certificates_may_make_the_tool_fail() -> None:
    """By the vendor source the tool leaves with 9 when a certificate has expired; its data are whole all the same."""
    facts = read("tls", HEAD + PUB, stderr=STATUS.format(2), exit_code=9)

    assert 2 == facts.certs[0].expiration
    assert Absence.TOOL_FAILED is read("tls", HEAD + PUB, exit_code=9).why


def test_expired_lines_must_find_their_certificates() -> None:
    """More expired lines than certificates without a status: one of the streams was cut."""
    missing = read("tls", HEAD + PUB + STATUS.format(0), stderr=STATUS.format(2))

    assert Absence.UNPARSED is missing.why
    assert "as many certificates without a status as are expired: 1" in missing.detail


def test_status_merged_into_standard_output_is_read_there() -> None:
    """A recording that merged the streams shows the expired line in its place."""
    assert 2 == read("tls", HEAD + PUB + STATUS.format(2)).certs[0].expiration


def test_tls_knows_the_950_head_and_an_empty_subject() -> None:
    """`device N` stands for `dev_id:N` on a 950; a revocation list has no subject."""
    facts = read("tls", (HEAD + CA1 + STATUS.format(1)).replace("dev_id:3", "device 3"))

    assert (3, NOT_REPORTED, 1) == (facts.device, facts.certs[0].subject, facts.certs[0].expiration)


def test_tls_keeps_elisions() -> None:
    """An elided sample says that it is one."""
    assert read("tls", f"{HEAD}{PUB}... ...\n").elided


def test_no_certificate_leaves_the_switch_unset() -> None:
    """Without a certificate the tool does not tell the switch."""
    facts = read("tls", "", stderr="No certificate found, please set certs firstly!\n", exit_code=14)

    assert Missing(Absence.NOT_CONFIGURED, "No certificate found, please set certs firstly!", 14) == facts.switch


def test_tls_filtered_for_its_head_is_shown_as_a_run_of_a_loop() -> None:
    """`grep switch` over all NPUs leaves a head of each; with certificates below it the answer is no such run."""
    head = "dev_id:3, tls switch[1](0:disable, 1:enable), tls alarm time threshold[60]days\n"
    run = {"device": 3, "switch": 1, "preconfigured": None, "alarm_days": 60}
    assert [run] == document(read("tls", head))["runs"]
    certificate = "dev_id:3, [pub cert] info:\n issuer[/CN=a]\n start_time[then]\n end_time[later]\n"
    assert "runs" not in document(read("tls", head + certificate))
