"""Generate the Python code of the protocol next to its `.proto` files: `python protos/generate.py [FOLDER]`.

The generator is grpcio-tools of exactly the version below, with the stubs of mypy-protobuf. It is the oldest that we
support, because generated code runs with newer protobuf and grpcio but never with older ones. The output is committed,
and a test holds it against a fresh run into another FOLDER.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import List, Sequence

from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PACKAGE = Path("ascend_doctor") / "v1"
GENERATORS = {"grpcio-tools": "1.80.0", "mypy-protobuf": "5.1.0"}
SUFFIXES = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")


def main(arguments: Sequence[str]) -> int:
    """Generate into the folder that the first argument names, else into the folder of this file."""
    folder = Path(arguments[0]) if arguments else HERE
    for name, wanted in GENERATORS.items():
        found = importlib.metadata.version(name)
        if found != wanted:
            sys.stderr.write(f"{name} {wanted} generates this code, {found} is installed\n")
            return 1
    return generate(folder)


def generate(folder: Path) -> int:
    """Write the generated code of every service and message under the folder; return protoc's exit status."""
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    shipped = Path(protoc.__file__).parent / "_proto"
    sources = sorted(HERE.joinpath(PACKAGE).glob("*.proto"))
    outputs = [f"--{kind}_out={folder}" for kind in ("python", "mypy", "grpc_python", "mypy_grpc")]
    status: int = protoc.main(
        ["protoc", f"-I{HERE}", f"-I{shipped}", *outputs, *(str(source.relative_to(HERE)) for source in sources)]
    )
    for source in sources:
        if "\nservice " not in source.read_text(encoding="utf-8"):
            for suffix in SUFFIXES[2:]:
                folder.joinpath(PACKAGE, source.stem + suffix).unlink()
    return status


def generated(folder: Path) -> List[Path]:
    """Return the generated files under the folder, in order."""
    return sorted(path for path in folder.joinpath(PACKAGE).iterdir() if path.name.endswith(SUFFIXES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
