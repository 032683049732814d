"""Tells what is installed in the Python that runs this script, which NPUs it sees, and whether they compute.

Run by the interpreter of the jobs, with one word: `stack`, `devices` or `compute`. Prints one JSON object. `compute`
multiplies matrices of 32 MB on every NPU, one after the other.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from importlib import metadata
from typing import Any, Callable, Dict, List

PACKAGES = (
    "torch",
    "torch-npu",
    "vllm",
    "vllm-ascend",
    "triton-ascend",
    "mindspore",
    "transformers",
    "mooncake-transfer-engine",
)
SIZE = 4096
ROUNDS = 10


def stack() -> Dict[str, Any]:
    """Return the version of Python and of the packages that matter."""
    installed = {
        str(found.metadata["Name"]).lower().replace("_", "-"): found.version for found in metadata.distributions()
    }
    packages = {name: installed[name] for name in PACKAGES if name in installed}
    return {"python": platform.python_version(), "packages": packages}


def runtime() -> Any:
    """Return torch with the NPUs in it."""
    torch = importlib.import_module("torch")
    importlib.import_module("torch_npu")
    return torch


def devices() -> Dict[str, Any]:
    """Return how many NPUs the runtime sees."""
    return {"count": int(runtime().npu.device_count())}


def compute() -> Dict[str, Any]:
    """Return for every NPU how long a product of matrices takes, and whether it is right."""
    torch = runtime()
    return {"devices": [one(torch, number) for number in range(torch.npu.device_count())]}


def one(torch: Any, number: int) -> Dict[str, Any]:
    """Multiply matrices of ones: every cell of the product is their size, which half precision holds exactly."""
    try:
        torch.npu.set_device(number)
        matrix = torch.ones(SIZE, SIZE, dtype=torch.float16).npu()
        product = torch.matmul(matrix, matrix)
        torch.npu.synchronize()
        began = time.perf_counter()
        for _ in range(ROUNDS):
            product = torch.matmul(matrix, matrix)
        torch.npu.synchronize()
        duration_ms = (time.perf_counter() - began) * 1000 / ROUNDS
        is_right = bool((product == SIZE).all().item())
    except Exception as error:  # noqa: BLE001 - whatever the runtime raises is what is to be told of this NPU
        return {"device": number, "error": f"{type(error).__name__}: {error}"}
    return {"device": number, "duration_ms": duration_ms, "is_right": is_right}


QUESTIONS: Dict[str, Callable[[], Dict[str, Any]]] = {"stack": stack, "devices": devices, "compute": compute}


def main(words: List[str]) -> int:
    """Answer one question; 2 for a wrong call."""
    if len(words) != 1 or words[0] not in QUESTIONS:
        sys.stderr.write("usage: ascend_runtime.py stack|devices|compute\n")
        return 2
    out, sys.stdout = sys.stdout, sys.stderr  # what libraries print while they load is not the answer
    try:
        answer = QUESTIONS[words[0]]()
    except Exception as error:  # noqa: BLE001 - an import may fail in any way, and the way is the answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    out.write(json.dumps(dict(answer, what=words[0])) + "\n")
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
