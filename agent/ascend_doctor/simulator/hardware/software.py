"""What stands on the driver: CANN, and the Python of the jobs."""

from __future__ import annotations

from typing import Dict, Optional

import attrs


@attrs.define
class Cann:
    """An installed CANN. `odd_parts` are parts of another release than its own, by name."""

    version: str = "8.5.0"
    innerversion: str = "V100R001C25SPC001B212"
    odd_parts: Dict[str, str] = attrs.field(factory=dict)


@attrs.define
class Python:
    """The Python of the jobs, as the doctor's script finds it.

    `visible_npus` is how many NPUs its runtime sees, None for all. `durations_ms` are times of a product of matrices
    that differ from those of a healthy NPU, by phy-id; `wrong` are the NPUs whose product is not right.
    """

    version: str = "3.11.6"
    packages: Dict[str, str] = attrs.field(
        factory=lambda: {"torch": "2.7.1+cpu", "torch-npu": "2.7.1.post2", "transformers": "4.57.1"}
    )
    visible_npus: Optional[int] = None
    durations_ms: Dict[int, float] = attrs.field(factory=dict)
    wrong: Dict[int, bool] = attrs.field(factory=dict)
