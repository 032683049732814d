"""The simulated `hccn_tool` of the 950: its texts beside the vendor's samples, its refusals, its consistency."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

import attrs
import pytest

from ascend_doctor.facts.catalogue import query_for_command
from ascend_doctor.facts.hccn_tool.ub.optical import UbOpticalFacts
from ascend_doctor.knowledge.strict_yaml import DocumentError
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import Missing
from ascend_doctor.simulator.cluster import SimulatedCluster
from ascend_doctor.simulator.hardware import Answer, Presence
from samples import CORPUS, Sample, samples
from simulated import make

SERVER = "{name: a, product: ascend-950, npus: 3}"
CARDS = "{name: c, product: atlas-350-4p}"
PAIR = "{name: b, product: atlas-350-2p}"
# What the document shows and a machine at rest does not print: its interruptions, its errors.
FAULTS = {
    "link_stat": "{fault: ub-flapping, node: a, npu: 0, times: 1}",
    "down_data": "{fault: ub-flapping, node: a, npu: 0, times: 5}",
    "bit_err": "{fault: ub-bit-errors, node: a, npu: 0}",
    "link": "{fault: ub-port-down, node: a, npu: 0}",
}


def cluster(*faults: str) -> SimulatedCluster:
    """Return a server and cards, some time after their start."""
    return make(f"nodes: [{SERVER}, {CARDS}, {PAIR}]\nfaults: [{', '.join(faults)}]\n", 900.0)


def ask(words: str, *faults: str, node: str = "a") -> Answer:
    """Return what the tool answers."""
    return cluster(*faults).answer(node, ("hccn_tool", *words.split()))


def text(words: str, *faults: str, node: str = "a") -> str:
    """Return what the tool prints where it succeeds."""
    answer = ask(words, *faults, node=node)
    assert (b"", 0) == (answer.stderr, answer.exit_code)
    return answer.stdout.decode()


def shape(line: str) -> str:
    """Return a line with its values taken out: what is left are labels, units and columns."""
    if line.startswith(("+", "=", "-", "print ", "packet")) or re.match(r"\| +[A-Za-z].*\|$", line):
        return re.sub(r"\s+", " ", line).strip("- =")
    if line.startswith("|"):
        return "|" * line.count("|")
    return re.sub(r"(?<=[:=]).*", "", re.sub(r"[0-9]+(?:\.[0-9]+)?", "0", line)).strip()


OF_950 = [
    sample for sample in samples("hccn_tool") if "950" in sample.path and sample.command[1:2] in (("-g",), ("-t",))
]


def simulated_text(sample: Sample) -> str:
    """Return what the simulated tool prints for the command of a sample."""
    words = list(sample.command[1:])
    if "-ub_ping" in words:
        words[words.index("-src_eid") + 1] = "::10:0:dfdf:20"
        words[words.index("-dst_eid") + 1] = "::10:1:dfdf:20"
    fault = FAULTS.get(words[1][1:])
    return text(" ".join(words), *((fault,) if fault else ()))


@pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")
@pytest.mark.parametrize("sample", OF_950, ids=str)
def test_an_answer_looks_like_the_vendors_sample(sample: Sample) -> None:
    """Labels, columns, titles and their order are those of the sample; tables are as wide where the values are."""
    expected = [shape(line) for line in sample.data.decode().splitlines()]
    found = [shape(line) for line in simulated_text(sample).splitlines()]
    rules = [line for line in sample.data.decode().splitlines() if line.startswith("+")]
    assert list(dict.fromkeys(_without_rules(expected))) == list(dict.fromkeys(_without_rules(found)))
    if rules and "Time_Stamp" not in sample.data.decode():
        assert rules[0] in simulated_text(sample).splitlines()


def _without_rules(lines: List[str]) -> List[str]:
    # How often the link went down gives the number of rows, and a day of two digits makes a column wider.
    return [line for line in lines if not line.startswith("+")]


SHOWN = """
    bandwidth bit_err cfg_recovery down_data fec link link_stat peak_bw port_info process serdes speed stat ub_ping
    version
"""


@pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this checkout")
def test_every_sample_of_the_form_is_held_against() -> None:
    """All commands of the 950 form that the corpus shows are among those."""
    assert set(SHOWN.split()) <= {sample.command[2][1:] for sample in OF_950}


NPU_COMMANDS = ("dev_info", "tls", "process", "version", "cfg_recovery", "vnic")
PORT_COMMANDS = (
    *("link", "link_stat", "port_info", "speed", "fec", "serdes", "stat", "bit_err", "bandwidth", "peak_bw", "credit"),
    *("down_data", "adapt_status", "su_ber", "optical"),
)


@pytest.mark.parametrize("node", ["a", "b", "c"])
def test_every_answer_is_read(node: str) -> None:
    """The doctor's parsers understand each command about each port."""
    simulated = cluster("{fault: ub-flapping, node: a, npu: 0}")
    machine = simulated.machine(node)
    commands = [f"-g -{word} -i 0" for word in NPU_COMMANDS]
    for port in machine.ub[0].ports:
        place = f"-i 0 -u {port.udie} -p {port.port}"
        commands += [f"-g -{word} {place}" for word in PORT_COMMANDS if port.light or word != "optical"]
        commands += [f"-g -su_ber {place} -result", f"-g -su_ber {place} -mode_status"]
    for command in commands:
        argv = ("hccn_tool", *command.split())
        query = query_for_command(argv)
        if query is None:
            assert command.startswith("-g -su_ber")
            continue
        answer = simulated.answer(node, argv)
        evidence = Evidence(query.key, argv, exit_code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr)
        assert not isinstance(query.source.read(evidence), Missing), (command, query.source.read(evidence))


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        ("", 1, "Please specify a mode."),
        ("-x", 2, "Please specify a valid mode."),
        ("-i 0 -link -g", 2, "Please specify a valid mode."),
        ("-g", 3, "Please specify a cmd."),
        ("-g -bogus -i 0", 4, "Please specify a valid cmd."),
        ("-g link -i 0", 4, "Please specify a valid cmd."),
        ("-t -link -i 0", 5, "The cmd -link does not support mode -t"),
        ("-g -ub_ping -i 0", 5, "The cmd -ub_ping does not support mode -g"),
        ("-g -link -i", 6, "Parse cmd option failed."),
        ("-g -link -i x -u 0 -p 4", 6, "Parse cmd option failed."),
        ("-g -link -i -1 -u 0 -p 4", 7, "Option [-i -1] is invalid, -1 < 0."),
        ("-g -link -i 0 -u 2 -p 4", 8, "Option [-u 2] is out of range [0, 1]."),
        ("-g -link -i 0 -u 0 -u 0", 9, "Option -u duplicated."),
        ("-g -link -i 0", 10, "Parse cmd option failed."),
        ("-g -dev_info -i 0 -u 0 -p 4", 10, "Parse cmd option failed."),
        ("-g -dev_info -i 9", 11, "target chip is invalid, please check."),
        ("-s -tls -i 0 -enable 0", 12, "permission denied: pls check this cmd run permission."),
        ("-g -dev_info -i 0 -all", 15, "The total count of options is wrong."),
        ("-g -link -i 0 -u 0 -p 0", 1, "Cmd execute failed!"),
        ("-g -optical -i 0 -u 1 -p 0", 13, "target port is invalid, please check."),
        ("-g -ub_connect -i 0", 10, "Cmd execute failed!"),
        ("-t -ub_ping -i 0", 19, "Option -src_eid is required in mode -t but missing."),
        ("-t -ub_ping -i 0 -src_eid ::1", 19, "Option -dst_eid is required in mode -t but missing."),
        ("-t -ub_ping -i 0 -src_eid ::1 -dst_eid ::2 -cnt 0", 20, "Cmd execute failed!"),
        ("-h -link -x", 15, "The total count of options is wrong."),
        ("-h -bogus", 2, "Please specify a valid mode."),
    ],
)
def test_a_wrong_call_is_refused_in_the_tools_words(words: str, exit_code: int, says: str) -> None:
    """Each mistake has its own sentence on standard error, and its own exit code."""
    answer = ask(words)
    assert (exit_code, b"") == (answer.exit_code, answer.stdout)
    assert says in answer.stderr.decode().splitlines()


def test_the_help_names_commands_and_their_places() -> None:
    """The help as a whole, of a mode, and of one command."""
    assert text("-h").startswith("Usage\n\thccn_tool -mode -cmd -npu_info [-options]\n")
    assert text("--help") == text("-h")
    assert "hccn_tool -g -dev_info" in text("-h -g")
    assert "hccn_tool -t -ub_ping" in text("-h -t")
    assert "" == text("-h -s")
    assert 4 == len(text("-h -link").splitlines())
    assert 2 == len(text("-h -ub_ping").splitlines())


def test_a_chip_that_is_gone_or_does_not_answer() -> None:
    """The tool does not know a chip that is gone, and waits without end for one that does not answer."""
    simulated = cluster()
    machine = simulated.machine("a")
    machine.chips[1].presence = Presence.NOT_EXIST
    machine.chips[2].presence = Presence.HEALTH_FAILS
    assert 11 == simulated.answer("a", ("hccn_tool", "-g", "-dev_info", "-i", "1")).exit_code
    assert simulated.answer("a", ("hccn_tool", "-g", "-dev_info", "-i", "2")).hangs


def test_somebody_else_drives_the_device() -> None:
    """The second one to ask hears that the device is busy."""
    answer = cluster().busy_answer("a", ("hccn_tool", "-g", "-dev_info", "-i", "0"))
    assert b"hccn_tool is busy, please try again.\n" == answer.stdout


def test_an_npu_without_certificates_says_so() -> None:
    """The switch is not printed then."""
    simulated = cluster()
    simulated.machine("a").ub[0].certificates.clear()
    answer = simulated.answer("a", ("hccn_tool", "-g", "-tls", "-i", "0"))
    assert (14, b"") == (answer.exit_code, answer.stdout)


def links(node: str, simulated: SimulatedCluster) -> Dict[Tuple[int, int, int], str]:
    """Return what the lists of all NPUs of a node say of their links."""
    found = {}
    for npu in simulated.machine(node).ub:
        answer = simulated.answer(node, ("hccn_tool", "-g", "-dev_info", "-i", str(npu))).stdout.decode()
        for udie, port, link in re.findall(r"\| (\d+) +\| (\d+) +\| \d+ +\| UB +\| (UP|DOWN)", answer):
            found[npu, int(udie), int(port)] = link
    return found


@pytest.mark.parametrize(("node", "npu", "end"), [("c", 3, "udie: 0, port: 4"), ("b", 1, "udie: 0, port: 8")])
def test_a_link_that_is_down_shows_at_both_ends(node: str, npu: int, end: str) -> None:
    """The list, the state, the speed and the connections agree, at either end and nowhere else."""
    simulated = cluster(f"{{fault: ub-port-down, node: {node}, npu: {npu}, {end}}}")
    down = [place for place, link in links(node, simulated).items() if link == "DOWN"]
    assert 2 == len(down)
    for place_npu, udie, port in down:
        place = f"-i {place_npu} -u {udie} -p {port}".split()
        said = [simulated.answer(node, ("hccn_tool", "-g", word, *place)).stdout for word in ("-link", "-port_info")]
        assert b"link status: DOWN\n" == said[0]
        assert b"port_link: no link\n" in said[1]
        assert b"abnormal" in simulated.answer(node, ("hccn_tool", "-g", "-speed", *place)).stdout
        connected = simulated.answer(node, ("hccn_tool", "-g", "-ub_connect", "-i", str(place_npu))).stdout
        assert f"port {port} : DOWN\n".encode() in connected
        assert connected.startswith(b"link status : PARTIAL LINK\n")


def test_lanes_that_are_gone_show_everywhere() -> None:
    """The speed falls with them, and a card calls its port partly up."""
    fault = "{fault: ub-lanes-reduced, node: c, npu: 0, udie: 0, port: 4, lanes: 1}"
    assert "| 100 G   | X4  | X1    | downgraded" in text("-g -speed -i 0 -u 0 -p 4", fault, node="c")
    assert "port 4 : PARTIAL UP" in text("-g -ub_connect -i 0", fault, node="c")
    assert "cur_rx_lane_num: X1" in text("-g -port_info -i 0 -u 0 -p 4", fault, node="c")


def test_counts_only_grow_and_history_remembers() -> None:
    """Errors are counted while the fault is there and stay afterwards; an interruption stays in the history."""
    simulated = cluster("{fault: ub-bit-errors, node: a, npu: 0}", "{fault: ub-flapping, node: a, npu: 0}")
    before = attrs.evolve(simulated.machine("a").ub[0].ports[0])
    simulated.repair()
    simulated.clock.advance(600.0)  # type: ignore[attr-defined]
    after = simulated.machine("a").ub[0].ports[0]
    assert 450 == before.uncorrected == after.uncorrected == after.counters["crc_error_sum"]
    assert before.wrong_bits < after.wrong_bits
    assert 3 == after.link_down_count


def test_a_dark_port_reads_no_light() -> None:
    """Its lanes raise their flags, and the received light is beyond any number."""
    answer = ask("-g -optical -i 0 -u 0 -p 4", "{fault: ub-port-down, node: a, npu: 0}")
    query = query_for_command(["hccn_tool", "-g", "-optical", "-i", "0", "-u", "0", "-p", "4"])
    assert query is not None
    facts = query.source.read(Evidence("x", (), exit_code=0, stdout=answer.stdout))
    assert isinstance(facts, UbOpticalFacts)
    assert (0, 1, 2, 3) == facts.flags["RxLos"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("{fault: ub-port-down, node: a, npu: 0, udie: 1, port: 9}", "has no port 1/9"),
        ("{fault: ub-port-down, node: c, npu: 0, udie: 0, port: 8}", "has no port 0/8"),
        ("{fault: ub-tls-odd, node: d, npu: 0}", "d has no UB ports"),
    ],
)
def test_a_fault_that_the_machine_cannot_have(fault: str, words: str) -> None:
    """The author is told which port or product it is about."""
    with pytest.raises(DocumentError, match=re.escape(words)):
        make(f"nodes: [{SERVER}, {CARDS}, {{name: d}}]\nfaults: [{fault}]\n")
