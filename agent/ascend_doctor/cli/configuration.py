"""The configuration file: one YAML document, typed, strict, every mistake named with its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, Literal, Mapping, Optional, Type, get_args, get_origin

import attrs
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_validator

from ascend_doctor.checks.catalogue import Entry
from ascend_doctor.checks.check import AnyCheck
from ascend_doctor.checks.engine import CheckSettings, Settings
from ascend_doctor.cli.places import DEFAULT_PATH, KNOWLEDGE_FOLDER, STATE_FOLDER
from ascend_doctor.facts import catalogue
from ascend_doctor.knowledge import strict_yaml
from ascend_doctor.model.status import Severity
from ascend_doctor.model.subject import is_node_name
from ascend_doctor.probe.local import LocalSettings
from ascend_doctor.probe.locks import DEFAULT_FOLDER
from ascend_doctor.probe.round import RUNS_AT_ONCE, RoundSettings
from ascend_doctor.probe.tools import DEFAULT_TOOLS, ToolPaths
from ascend_doctor.wire.credentials import read_address

MAX_INTERVAL_S = 7 * 86400.0


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("write an absolute path")
    return path


def _node_name(name: str) -> str:
    if name and not is_node_name(name):
        raise ValueError("a node name has letters, digits, dots and dashes, like a host name")
    return name


def _address(address: str) -> str:
    read_address(address)
    return address


def _store(place: str) -> str:
    if place.startswith(("postgresql://", "postgres://")):
        return place
    if not place.startswith("/"):
        raise ValueError("write the absolute path of a file, or postgresql://USER@HOST/DATABASE")
    return place


AbsolutePath = Annotated[str, AfterValidator(_absolute)]
StorePlace = Annotated[str, AfterValidator(_store)]
Address = Annotated[str, AfterValidator(_address)]
NodeName = Annotated[str, AfterValidator(_node_name)]
Seconds = Annotated[float, Field(gt=0, le=MAX_INTERVAL_S)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


if TYPE_CHECKING:
    _SourceName = str
else:
    _SourceName = Literal[tuple(catalogue.BY_NAME)]
SecondsBySource = Dict[_SourceName, Seconds]


class Tools(_Strict):
    """Where the vendor's tools are and how they are run.

    `npu-smi`, `hccn_tool`, `ipmitool` and `python` are candidates, the first that is there is used; `python` is one
    with torch_npu, or a script that sets the environment of CANN and starts one. `trusted_folders` are not examined
    for who may write to them. `use_path` looks into PATH first: for simulators, because PATH is what the caller says.
    `root` is where the node's files are seen, such as a mount of the host in a container. `timeouts_s` is by source.
    """

    npu_smi: List[AbsolutePath] = Field(default=list(DEFAULT_TOOLS["npu-smi"]), alias="npu-smi", min_length=1)
    hccn_tool: List[AbsolutePath] = Field(default=list(DEFAULT_TOOLS["hccn_tool"]), min_length=1)
    ipmitool: List[AbsolutePath] = Field(default=list(DEFAULT_TOOLS["ipmitool"]), min_length=1)
    python: List[AbsolutePath] = list(DEFAULT_TOOLS["python3"])
    trusted_folders: List[AbsolutePath] = []
    library_folders: List[AbsolutePath] = []
    use_path: bool = False
    root: AbsolutePath = "/"
    lock_folder: AbsolutePath = DEFAULT_FOLDER
    runs_at_once: int = Field(default=RUNS_AT_ONCE, ge=1, le=256)
    timeouts_s: SecondsBySource = {}


class Tls(_Strict):
    """Files in PEM form: the own certificate, its key, and the authority that the other side's is checked with.

    Where a `revoked.crl` lies beside `authority`, who is on it is refused.
    """

    certificate: AbsolutePath
    key: AbsolutePath
    authority: AbsolutePath


def _needs_tls(where: str, address: str, tls: Optional[Tls]) -> None:
    if tls is None and not read_address(address).is_loopback:
        raise ValueError(f"{where} {address} is reachable from the network: set `tls`, or use a loopback address")


class HttpEndpoint(_Strict):
    """An address for HTTP. One that the network can reach needs `allow_unauthenticated`: anybody there may read it."""

    listen: Address
    allow_unauthenticated: bool = False

    @model_validator(mode="after")
    def _is_deliberate(self) -> HttpEndpoint:
        if not self.allow_unauthenticated and not read_address(self.listen).is_loopback:
            advice = "set `allow_unauthenticated: true`, or use a loopback address"
            raise ValueError(f"{self.listen} is reachable from the network: {advice}")
        return self


class AgentSection(_Strict):
    """The agent on a node. Without `collectors` it keeps its verdict for the node alone.

    `intervals_s` is by source: how often a question is asked. `accept_rechecks` lets the collector ask for single
    checks earlier; it can never name anything but checks that are installed here.
    """

    state_dir: AbsolutePath = STATE_FOLDER
    collectors: List[Address] = []
    tls: Optional[Tls] = None
    metrics: Optional[HttpEndpoint] = HttpEndpoint(listen="127.0.0.1:9877")
    intervals_s: SecondsBySource = {}
    spool_max_mb: int = Field(default=64, ge=1, le=10_000)
    accept_rechecks: bool = True

    @model_validator(mode="after")
    def _is_safe(self) -> AgentSection:
        for address in self.collectors:
            _needs_tls("the collector", address, self.tls)
        return self


class CollectorSection(_Strict):
    """The collector of a cluster. `expected_nodes` are shown as never seen until they report.

    A node that is silent for `stale_after_s` is stale, for `lost_after_s` lost. `store` is a file of one's own, or a
    PostgreSQL database that several collectors share. History is kept for `history_days`, up to `history_max_mb`, and
    of one node up to `history_max_per_node` changes of results.
    """

    listen: Address = "127.0.0.1:7443"
    tls: Optional[Tls] = None
    web: Optional[HttpEndpoint] = HttpEndpoint(listen="127.0.0.1:7480")
    store: StorePlace = f"{STATE_FOLDER}/collector.sqlite"
    history_days: float = Field(default=90.0, gt=0, le=3650)
    history_max_mb: int = Field(default=1024, ge=1, le=1_000_000)
    history_max_per_node: int = Field(default=20_000, ge=100, le=10_000_000)
    expected_nodes: List[NodeName] = []
    stale_after_s: Seconds = 90.0
    lost_after_s: Seconds = 600.0

    @model_validator(mode="after")
    def _is_safe(self) -> CollectorSection:
        _needs_tls("the collector's address", self.listen, self.tls)
        if self.lost_after_s <= self.stale_after_s:
            raise ValueError(f"lost_after_s must be more than stale_after_s, which is {self.stale_after_s:g}")
        return self


class ClientSection(_Strict):
    """Whom `report` and `gate` ask, and with which certificate."""

    collector: Address = "127.0.0.1:7443"
    tls: Optional[Tls] = None

    @model_validator(mode="after")
    def _is_safe(self) -> ClientSection:
        _needs_tls("the collector", self.collector, self.tls)
        return self


class Configuration(_Strict):
    """The whole file. Every section may be left out. `node` is this node's name, by default the host's.

    `knowledge_dir` has the files by which the site adds to what the doctor knows, or corrects it.
    """

    node: NodeName = ""
    knowledge_dir: AbsolutePath = KNOWLEDGE_FOLDER
    tools: Tools = Tools()
    checks: Any = None
    agent: AgentSection = AgentSection()
    collector: CollectorSection = CollectorSection()
    client: ClientSection = ClientSection()

    def node_name(self) -> str:
        """Return the name of this node: as configured, else the host's name."""
        return self.node or os.uname().nodename

    def local_settings(self, path: str = "") -> LocalSettings:
        """Return how tools are run. `path` is the caller's PATH, used only where the configuration asks for it."""
        tools = self.tools
        paths = ToolPaths(
            {
                "npu-smi": tuple(tools.npu_smi),
                "hccn_tool": tuple(tools.hccn_tool),
                "ipmitool": tuple(tools.ipmitool),
                "python3": tuple(tools.python),
            },
            trusted=tuple(tools.trusted_folders),
        )
        return LocalSettings(
            tools=paths.with_path(path) if tools.use_path else paths,
            libraries=tuple(tools.library_folders),
            timeouts_s=dict(tools.timeouts_s),
            root=tools.root,
        )

    def round_settings(self) -> RoundSettings:
        """Return how a round is driven."""
        return RoundSettings(runs_at_once=self.tools.runs_at_once)

    def intervals_s(self) -> Mapping[str, float]:
        """Return the intervals that differ from the sources' own, by source."""
        return dict(self.agent.intervals_s)

    def check_settings(self, entries: Mapping[str, Entry]) -> Settings:
        """Return what was decided about each check that the file names."""
        found: Dict[str, CheckSettings] = {}
        for name in self.checks.model_fields_set if self.checks is not None else ():
            section = getattr(self.checks, name)
            limits = {field: _plain(getattr(section.limits, field)) for field in section.limits.model_fields_set}
            found[name] = CheckSettings(
                enabled=section.enabled,
                severity=None if section.severity is None else Severity(section.severity),
                limits=attrs.evolve(entries[name].check.limits, **limits) if limits else None,
            )
        return found


def load(path: Optional[Path], entries: Mapping[str, Entry]) -> Configuration:
    """Return the configuration in a file; without a path that of the default file, or the defaults where there is none.

    Raises `DocumentError` with every mistake at its place.
    """
    if path is None:
        path = default_path()
        if not path.exists():
            return Configuration()
    document = strict_yaml.read(path)
    if document.value is None:
        return Configuration()
    try:
        return strict_yaml.validate(document, _model_for(document.value, entries))
    except strict_yaml.DocumentError:
        # The advice about a wrong name has to know the right ones.
        return strict_yaml.validate(document, model(entries))


def _model_for(document: Any, entries: Mapping[str, Entry]) -> Type[Configuration]:
    """Return a model that has no more sections of checks than a document names: each takes a millisecond to make."""
    if not isinstance(document, dict) or "checks" not in document:
        return Configuration
    checks = document["checks"]
    named = [name for name in checks if name in entries] if isinstance(checks, dict) else []
    return model({name: entries[name] for name in named})


def default_path() -> Path:
    """Return where the configuration is when nobody says otherwise."""
    return Path(DEFAULT_PATH)


def model(entries: Mapping[str, Entry]) -> Type[Configuration]:
    """Return the model of a file that names these checks; their sections follow from the checks themselves."""
    sections: Dict[str, Any] = {}
    for name, entry in entries.items():
        section = _section(name, entry.check)
        sections[name] = (section, section())
    checks = create_model("Checks", __base__=_Strict, **sections)
    return create_model(
        "Configuration", __base__=Configuration, __doc__=Configuration.__doc__, checks=(checks, checks())
    )


def _section(name: str, check: AnyCheck) -> Type[BaseModel]:
    kind = type(check.limits)
    attrs.resolve_types(kind)
    fields: Dict[str, Any] = {
        item.name: (_form(item.type, getattr(check.limits, item.name)), _listed(getattr(check.limits, item.name)))
        for item in attrs.fields(kind)
    }
    limits = create_model(f"Limits of {name}", __base__=_Strict, **fields)
    return create_model(
        name,
        __base__=_Strict,
        enabled=(Optional[bool], None),
        severity=(Optional[Literal["blocking", "advisory"]], None),
        limits=(limits, limits()),
    )


def _form(kind: Any, default: Any) -> Any:
    """Return how a limit is written in YAML: a tuple is a list; numbers are not negative, unless the default is."""
    if kind in (int, float) and default >= 0:
        return Annotated[kind, Field(ge=0)]
    if get_origin(kind) is tuple:
        return List[get_args(kind)[0]]  # type: ignore[misc]
    return kind


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _shown(check: AnyCheck, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the section of a check with what is in force where the file says nothing."""
    limits = {item.name: _listed(getattr(check.limits, item.name)) for item in attrs.fields(type(check.limits))}
    limits.update(given.get("limits", {}))
    section = {**given, "severity": given.get("severity", check.severity.value), "limits": limits}
    return section if limits else {name: value for name, value in section.items() if name != "limits"}


def as_yaml(configuration: Configuration, entries: Mapping[str, Entry]) -> str:
    """Return every setting that is in force as a configuration file; settings that are not set have no line."""
    shown = configuration.model_dump(by_alias=True, exclude_none=True)
    shown["node"] = configuration.node_name()
    given = shown.get("checks", {})
    shown["checks"] = {name: _shown(entry.check, given.get(name, {})) for name, entry in entries.items()}
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120)
