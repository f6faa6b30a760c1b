"""Rewriting the weights changes their precision and nothing else; the real ones still answer."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from speakstream.download import Network
from speakstream.gguf_requant import requantize_to_q8_0
from speakstream.model_cache import sha256_of
from speakstream.model_sources import SMOLLM2
from speakstream.models import ModelStore
from tests.models.tiny import Q4_1, Q8_0


def test_prepared_weights_are_q8_0_and_everything_else_is_as_it_was(tiny_model: bytes, tmp_path: Path) -> None:
    source, target = tmp_path / "source.gguf", tmp_path / "target.gguf"
    source.write_bytes(tiny_model)
    assert requantize_to_q8_0(source, target) == sha256_of(target)
    before, after = gguf.GGUFReader(source), gguf.GGUFReader(target)
    values = {key: (field.types, field.contents()) for key, field in after.fields.items()}
    assert values.pop("general.file_type")[1] == gguf.LlamaFileType.MOSTLY_Q8_0
    assert values == {
        key: (field.types, field.contents()) for key, field in before.fields.items() if key != "general.file_type"
    }
    old, new = ({tensor.name: tensor for tensor in file.tensors} for file in (before, after))
    assert list(new) == list(old)
    for name in ("token_embd.weight", "output_norm.weight"):
        assert new[name].tensor_type == old[name].tensor_type
        assert np.array_equal(new[name].data, old[name].data)
    matrix = new["blk.0.ffn_up.weight"]
    assert matrix.tensor_type == Q8_0 and list(matrix.shape) == [64, 8]
    expected = gguf.quants.dequantize(old["blk.0.ffn_up.weight"].data, Q4_1)
    assert np.abs(gguf.quants.dequantize(matrix.data, Q8_0) - expected).max() < np.abs(expected).max() / 127


@pytest.mark.parametrize("size", [3, 30, 150, -1])
def test_a_source_that_is_cut_short_is_a_value_error(tiny_model: bytes, tmp_path: Path, size: int) -> None:
    (tmp_path / "source.gguf").write_bytes(tiny_model[:size] if size > 0 else tiny_model[:-200])
    with pytest.raises(ValueError):
        requantize_to_q8_0(tmp_path / "source.gguf", tmp_path / "target.gguf")


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ModelStore(tmp_path_factory.mktemp("real"), network=Network(patience=30)).resolve(SMOLLM2.name)


def test_the_real_model_is_prepared_and_answers(real_model: Path, tmp_path: Path) -> None:
    import xllamacpp

    assert real_model.stat().st_size == SMOLLM2.prepared_size
    params = xllamacpp.CommonParams()
    params.model.path = str(real_model)
    params.hostnames = [str(tmp_path / "llm.sock")]
    params.n_ctx, params.n_batch, params.n_ubatch, params.verbosity = 512, 64, 64, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(params)
    question = [
        {"role": "system", "content": "You are a helpful assistant. Answer in short, clear sentences."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    answer: list[str] = []

    def hear(chunk: dict[str, Any]) -> bool:
        for choice in chunk.get("choices", ()):
            answer.append(choice["delta"].get("content") or "")
        return False

    server.handle_chat_completions({"messages": question, "stream": True, "max_tokens": 24, "temperature": 0}, hear)
    assert "Paris" in "".join(answer)
