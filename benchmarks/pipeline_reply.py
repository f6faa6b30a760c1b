"""The first program of the shell pipeline: the whole answer of the model, to standard output, as a script does it.

    python benchmarks/pipeline_reply.py MODEL.gguf "Why is the sky blue?" 256 | hibari --play

The last argument is the most tokens of the answer. It imports nothing of SpeakStream, and is as fast as this can be:
the model's settings are SpeakStream's, but both cores decode, for nothing else runs meanwhile.
"""

import sys
import tempfile
from typing import Any

SYSTEM = "You are a helpful assistant. Answer in short, clear sentences."


def main() -> int:
    """Write the answer."""
    weights, prompt, tokens = sys.argv[1:]
    import xllamacpp

    with tempfile.TemporaryDirectory(prefix="pipe") as folder:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = weights
        parameters.hostnames = [f"{folder}/llm.sock"]  # no TCP port
        parameters.endpoint_slots = False
        parameters.n_ctx = 1024
        parameters.n_parallel = 1
        parameters.n_batch = parameters.n_ubatch = 64
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 2
        parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.cache_ram_mib = 0
        parameters.fit_params = parameters.warmup = False
        parameters.verbosity = -1
        server = xllamacpp.Server(parameters)
        request = {
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": int(tokens),
        }
        answer: dict[str, Any] = {}
        server.handle_chat_completions(request, lambda whole: bool(answer.update(whole)))
        print(answer["choices"][0]["message"]["content"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
