"""One JSON object per line, in on stdin, out on stdout; whatever libraries print goes to stderr."""
import json
import os
import sys

_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def receive():
    """The next request, or None when the other side is done."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def reply(**message):
    _out.write(json.dumps(message) + "\n")
    _out.flush()


def read_jsonl(path):
    with open(path, encoding="utf8") as lines:
        return [json.loads(line) for line in lines]
