"""datatrove's side of `mm benchmark processing`, for the Python that has it (it wants a trafilatura of its
own, so it lives in a virtual environment of its own). Run as a script: ``datatrove_side.py FOLDER``.

Reads ``FOLDER/in/*.jsonl`` and ``FOLDER/tokenizer.json``; prints
{"survivors": [ids], "seconds": {step: CPU}}. The steps are those of its own example
``minhash_deduplication.py`` with default settings, then the filters and formatters that answer to ours:
Gopher's repetition and quality rules, ftfy, PII, token files.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def run(folder: Path) -> dict[str, Any]:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
    from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
    from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.tokens import DocumentTokenizer

    survivors: list[str] = []

    def remember(data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        for document in data:
            survivors.append(document.id)
            yield document

    def path(name: str) -> str:
        return str(folder / name)

    def read() -> Any:
        return JsonlReader(path("in"))

    tokens = DocumentTokenizer(path("tokens"), path("tokenizer.json"), shuffle_documents=False)
    steps: dict[str, list[Any]] = {
        "MinHash signatures": [read(), MinhashDedupSignature(path("signatures"))],
        "MinHash buckets": [MinhashDedupBuckets(path("signatures"), path("buckets"))],
        "MinHash clusters": [MinhashDedupCluster(path("buckets"), path("clusters"))],
        "filter, format, tokenize": [
            read(),
            MinhashDedupFilter(path("clusters")),
            remember,
            GopherRepetitionFilter(),
            GopherQualityFilter(),
            FTFYFormatter(),
            PIIFormatter(),
            tokens,
        ],
    }
    seconds: dict[str, float] = {}
    for name, pipeline in steps.items():
        # the buckets' step wants a task for each of its 14 buckets; all run one after another
        tasks = 14 if name == "MinHash buckets" else 1
        began = time.process_time()
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=path("logs/" + name[:12])).run()
        seconds[name] = round(time.process_time() - began, 2)
    return {"survivors": survivors, "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
