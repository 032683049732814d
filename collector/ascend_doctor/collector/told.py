"""What the topics of a node tell, out of its sections, unpacked only when somebody looks at it."""

from __future__ import annotations

from typing import Iterator, Mapping

import attrs

from ascend_doctor.model.sections import Section
from ascend_doctor.wire.sections import told_in


@attrs.frozen
class ToldSection:
    """What a node tells about one topic. Two are equal when their sections are."""

    section: Section

    @property
    def facts(self) -> bytes:
        """The facts as the topic writes them."""
        return told_in(self.section)[0]

    @property
    def quotes(self) -> bytes:
        """The lines that prove them, as the topic writes them."""
        return told_in(self.section)[1]


class ToldSections(Mapping[str, ToldSection]):
    """What a node tells, by the names of the topics: those of its sections that are not of a check."""

    __slots__ = ("_sections",)

    def __init__(self, sections: Mapping[str, Section]) -> None:
        self._sections = sections

    def __getitem__(self, name: str) -> ToldSection:
        section = self._sections[name]
        if section.statuses:
            raise KeyError(name)
        return ToldSection(section)

    def __iter__(self) -> Iterator[str]:
        return (name for name, section in self._sections.items() if not section.statuses)

    def __len__(self) -> int:
        return sum(1 for _ in self)
