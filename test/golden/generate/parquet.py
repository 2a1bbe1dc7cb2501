"""A preference dataset as the Hugging Face hub stores it, in every compression: formats/preference*.parquet, by pyarrow."""
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

says = lambda role, content: [{"role": role, "content": content}]
rows = [
    {"prompt": says("user", "What color is the sky?"), "chosen": says("assistant", "It is blue."), "rejected": says("assistant", "It is green."), "score": 3},
    {"prompt": says("user", "Zwierzę?"), "chosen": says("assistant", "Żółw."), "rejected": says("assistant", "Kot."), "score": None},
]
table = pa.Table.from_pylist(rows).replace_schema_metadata({"pyarrow": pa.__version__})
folder = Path(__file__).parents[1] / "formats"
pq.write_table(table, folder / "preference.parquet")
for compression in ("none", "gzip", "brotli", "lz4", "zstd"):
    pq.write_table(table, folder / f"preference-{compression}.parquet", compression=compression)
