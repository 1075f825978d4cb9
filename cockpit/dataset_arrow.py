"""Parquet files and Hugging Face datasets on disk, to records in batches. What records mean is the core's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.core.dataset_formats import Located, Record
from cockpit.core.errors import InputError

BATCH = 500
"""Rows turned into Python values at a time."""
EXTRA_HINT = "Install the extra: pip install 'research-cockpit[parquet]'."


def read_tables(path: Path, form: str) -> Iterator[Located]:
    """The records of a Parquet file, an Arrow file, or a folder that `datasets.save_to_disk` wrote.

    A folder of several splits gives each record a column `split`. Class numbers become the names that Hugging Face's
    metadata has for them, and its -1 nothing. A record's line is its number.

    Raises:
        InputError: pyarrow is missing, or the file cannot be read as this.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise InputError("Parquet and Arrow files need the package pyarrow.", hint=EXTRA_HINT) from error
    number = 0
    try:
        for file, split in _files(path, form):
            for batch, names in _batches(file, form):
                for values in _values(batch, names):
                    number += 1
                    yield Record(number, values if split is None else {**values, "split": split})
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read as {form}: {' '.join(str(error).split())}") from error


def _files(path: Path, form: str) -> Iterator[tuple[Path, str | None]]:
    """Each file of data and its split, as `datasets` lays them out: dataset_dict.json, state.json, data-*.arrow."""
    if form == "parquet" or not path.is_dir():
        if path.is_dir():
            raise InputError(f"{path.name} is a folder, not a Parquet file.")
        yield path, None
        return
    splits = _json(path / "dataset_dict.json").get("splits")
    folders = [(path / name, name) for name in splits] if isinstance(splits, list) else [(path, None)]
    for folder, split in folders:
        state = _json(folder / "state.json")
        if state.get("_indices_files"):
            raise InputError(f"{folder.name} was saved with an index.", hint="Save it after flatten_indices().")
        names = [item["filename"] for item in state.get("_data_files") or ()]
        files = [folder / Path(name).name for name in names] or sorted(folder.glob("*.arrow"))
        if not files:
            raise InputError(f"{folder.name} has no Arrow files.", hint="It is what datasets' save_to_disk writes.")
        yield from ((file, split) for file in files)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError as error:
        raise InputError(f"{path} is not JSON.") from error
    return found if isinstance(found, dict) else {}


def _batches(path: Path, form: str) -> Iterator[tuple[Any, Mapping[str, list[str]]]]:
    """Record batches and the names of classes; the streaming format is tried before the file format."""
    import pyarrow as pa

    if form == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path, pre_buffer=False) as table:
            names = _class_names(table.schema_arrow)
            for batch in table.iter_batches(batch_size=BATCH):
                yield batch, names
        return
    with pa.OSFile(str(path)) as source:
        if source.read(6) == b"ARROW1":
            source.seek(0)
            with pa.ipc.open_file(source) as file:
                for at in range(file.num_record_batches):
                    yield file.get_batch(at), _class_names(file.schema)
            return
        source.seek(0)
        with pa.ipc.open_stream(source) as stream:
            for batch in stream:
                yield batch, _class_names(stream.schema)


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Names of a column's classes, as Hugging Face's ClassLabel keeps them in the schema's metadata."""
    try:
        written = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = written["info"]["features"]
        return {name: item["names"] for name, item in features.items() if item.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}


def _values(batch: Any, names: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    for start in range(0, batch.num_rows, BATCH):
        for values in batch.slice(start, BATCH).to_pylist():
            for column, classes in names.items():
                at = values.get(column)
                if isinstance(at, int):
                    values[column] = classes[at] if 0 <= at < len(classes) else None
            yield values
