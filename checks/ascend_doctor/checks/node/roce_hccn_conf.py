"""The file with the saved network settings is missing or incomplete.

What it reads: /etc/hccn.conf, and which ports have an address.

Why it matters: the engines and the tools that write rank tables read the addresses of the NPUs from the file; without
    it the settings are gone after the next reset.

What to do: set the addresses with `hccn_tool`, which writes the file, and mount it into containers.

Disruption: setting an address interrupts the network of the NPU.

Limits: none. Inside a container a missing file is a warning. A node on which no port has an address needs no file.

Sources: hicann/driver, hccn_tool source (the keys of the file); vllm-ascend, guide for several nodes (mounts the
    file); hicann/hccl, rank_table_config_a2.
"""

from __future__ import annotations

from typing import Iterator

from ascend_doctor.checks import ports, remedies
from ascend_doctor.checks.check import Check, NoLimits
from ascend_doctor.checks.outcome import failed, passed, skipped, unknown, warned
from ascend_doctor.checks.surroundings import in_container
from ascend_doctor.checks.view import NodeView
from ascend_doctor.facts.files import hccn_conf
from ascend_doctor.facts.hccn_tool import ip
from ascend_doctor.facts.host import identity
from ascend_doctor.model import subject as subjects
from ascend_doctor.model.finding import Finding, Remedy
from ascend_doctor.model.product import ROCE
from ascend_doctor.model.reading import Absence, Missing
from ascend_doctor.model.wording import counted

EXPECTED = "settings for every NPU that has an address"
_FURTHER = {ports.PLANNED_IPV6, ports.PLANNED_BOND}
MOUNT = Remedy("Mount /etc/hccn.conf of the host into the container.")


def judge(view: NodeView, _limits: NoLimits) -> Iterator[Finding]:
    """Judge the file as a whole."""
    conf = view.read(hccn_conf.SOURCE)
    answers = [(target, facts) for target, _, facts in view.each(ip.SOURCE)]
    in_use = [target for target, _ in answers if not ports.unused(view, target)]
    gaps = [facts for _, facts in answers if isinstance(facts, Missing)]
    quotes = view.quote(hccn_conf.SOURCE)
    if not isinstance(conf, Missing):
        planned = {
            device.device for device in conf.devices if device.address is not None or _FURTHER & set(device.extra)
        }
        absent = [target.phy_id for target in in_use if target.phy_id is not None and target.phy_id not in planned]
        if not absent:
            yield passed(
                view.subject, f"/etc/hccn.conf has settings for {counted(len(planned), 'NPU')}", observed=len(planned)
            )
            return
        yield warned(
            view.subject,
            f"/etc/hccn.conf has no address for NPU {', '.join(map(str, absent))}",
            expected=EXPECTED,
            remedies=[remedies.set_address(absent[0])],
            observed=len(planned),
            quotes=quotes,
            affected=[subjects.port(view.name, phy_id) for phy_id in absent],
        )
    elif conf.why is not Absence.TOOL_ABSENT:
        yield unknown(view.subject, "what /etc/hccn.conf says", conf, quotes)
    elif not in_use:
        yield skipped(view.subject, "there is no /etc/hccn.conf, and no port has an address")
    elif len(gaps) == len(answers):
        yield unknown(view.subject, "whether the node needs /etc/hccn.conf", gaps[0])
    else:
        contained = in_container(view)
        say = warned if contained else failed
        yield say(
            view.subject,
            "there is no /etc/hccn.conf",
            expected=EXPECTED,
            remedies=[MOUNT if contained else remedies.set_address(in_use[0].phy_id)],
            quotes=quotes,
        )


CHECK = Check(
    id="roce.hccn-conf", reads=(*ports.USE, identity.SOURCE), judge=judge, limits=NoLimits(), generations=ROCE
)
