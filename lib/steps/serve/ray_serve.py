"""Several copies of `mask-dpo serve` behind one address, on one machine or a Ray cluster.

    pip install "ray[serve]"
    python ray_serve.py --model mine/base --replicas 2      then: sample --server http://127.0.0.1:8000/v1

Every machine of a cluster needs Node, this project and the model, at the same paths. Requests are not authorised:
leave it on the loopback, or put a proxy in front.
"""
import argparse
import re
import subprocess
from pathlib import Path

import aiohttp
from ray import serve
from starlette.requests import Request
from starlette.responses import StreamingResponse

command = Path(__file__).resolve().parents[2] / "cli/mask-dpo.mjs"


@serve.deployment(max_ongoing_requests=64)
class Replica:
    """One server, and its requests and answers passed on as they are."""

    def __init__(self, node: str, model: str):
        started = [node, str(command), "serve", "--model", model, "--no-token", "--port", "0"]
        self.server = subprocess.Popen(started, stdout=subprocess.PIPE, text=True)
        where = re.search(r"http://[^/]+", self.server.stdout.readline())
        if where is None:
            raise RuntimeError("mask-dpo serve did not start; its message is above")
        self.url = where[0]
        self.session = None

    async def __call__(self, request: Request) -> StreamingResponse:
        if self.session is None:
            self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        headers = {"content-type": request.headers.get("content-type", "")}
        answer = await self.session.request(
            request.method, self.url + request.url.path, data=await request.body(), headers=headers
        )

        async def pieces():
            async with answer:
                async for piece in answer.content.iter_any():
                    yield piece

        told = {"content-type": answer.headers["content-type"], "x-replica": str(self.server.pid)}
        return StreamingResponse(pieces(), answer.status, told)

    def __del__(self):
        self.server.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--cpus", type=float, default=1, help="that a replica takes")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--node", default="node", help="the Node program")
    args = parser.parse_args()
    serve.start(http_options={"host": args.host, "port": args.port})
    replica = Replica.options(num_replicas=args.replicas, ray_actor_options={"num_cpus": args.cpus})
    serve.run(replica.bind(args.node, str(Path(args.model).resolve())), route_prefix="/", blocking=True)


if __name__ == "__main__":
    main()
