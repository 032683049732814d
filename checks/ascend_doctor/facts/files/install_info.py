"""`/etc/ascend_install.info`: how the driver package was installed."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import attrs

from ascend_doctor.facts.document import fields_of
from ascend_doctor.facts.parsing import lines_of
from ascend_doctor.facts.source import Cost, Medium, Scope, Source
from ascend_doctor.facts.tables import reading_of, settings
from ascend_doctor.model.evidence import Evidence
from ascend_doctor.model.reading import NOT_REPORTED, Reading

PATH = "/etc/ascend_install.info"


@attrs.frozen
class InstallInfoFacts:
    """Every line by its own key, with the ones that matter by name.

    `driver_install_status` is `complete` after a whole installation; `driver_install_path` is the prefix under which
    `driver/` and `firmware/` lie.
    """

    driver_install_path: Reading[str] = NOT_REPORTED
    driver_install_status: Reading[str] = NOT_REPORTED
    fields: Mapping[str, str] = attrs.field(factory=dict)

    def as_document(self) -> Dict[str, Any]:
        """Return the document: every line by its own key, and the fields."""
        return {_STATUS: None, **self.fields, **fields_of(self)}


_PATH = "Driver_Install_Path_Param"
_STATUS = "Driver_Install_Status"


def parse(evidence: Evidence) -> Reading[InstallInfoFacts]:
    """Parse `/etc/ascend_install.info`."""
    fields = settings(lines_of(evidence.stdout))
    return InstallInfoFacts(reading_of(fields.get(_PATH, "")), reading_of(fields.get(_STATUS, "")), fields)


SOURCE: Source[InstallInfoFacts] = Source(
    name="file/install-info",
    scope=Scope.NODE,
    medium=Medium.FILE,
    argv=("cat", PATH),
    parse=parse,
    cost=Cost.STATIC,
)
