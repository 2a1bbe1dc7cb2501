"""llama.cpp's own server, out of the package xllamacpp, with as many slots as there are rows, on the model's file in 16 bits."""
import sys
from pathlib import Path

import numpy as np
import xllamacpp
from gguf import GGUFReader, GGUFValueType, GGUFWriter, dequantize

from wire import receive, reply


def write_f16(source, target):
    """Matrices in 16 bits, vectors in 32, as llama.cpp's own conversion writes F16; all else as it was."""
    reader = GGUFReader(source)
    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name in ("general.architecture", "general.file_type") or name.startswith("GGUF."):
            continue
        kind = field.types[0]
        writer.add_key_value(name, field.contents(), kind, sub_type=field.types[-1] if kind == GGUFValueType.ARRAY else None)
    writer.add_file_type(1)
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, values.astype(np.float16 if values.ndim > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    setup = receive()
    if not Path(setup["f16"]).exists():
        write_f16(setup["gguf"], f"{setup['f16']}.part")
        Path(f"{setup['f16']}.part").rename(setup["f16"])
    params = xllamacpp.CommonParams()
    params.model.path = setup["f16"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = setup["slots"]
    params.n_ctx = setup["slots"] * setup["tokens"]
    params.cpuparams.n_threads = setup["threads"]
    server = xllamacpp.Server(params)
    reply(ready=True)
    while receive() is not None:
        reply(url=f"{server.listening_address}/v1")


sys.exit(main())
