"""Published chat templates rendered by transformers: test/golden/chat/*.jinja -> vectors.json; sources.json says where each is from.

Run as: python test/golden/generate/chat.py
"""

import datetime
import json

from common import GOLDEN, versions, write_json
from text import CHATS, build
from transformers.utils import chat_template_utils

FOLDER = GOLDEN / "chat"
NOW = datetime.datetime(2025, 3, 4, 12, 30)
TURNS = [
    {"role": "system", "content": "You answer in one short sentence.\n"},
    {"role": "user", "content": "Is Lima in Peru? "},
    {"role": "assistant", "content": " Yes, it's the capital.  "},
    {"role": "user", "content": "And \"Quito\"?\n\n- <b>&amp;</b> {{ braces }} \u6771\u4eac \U0001f600"},
    {"role": "assistant", "content": "<think>\nhm\n</think>\n\nIt is Ecuador's."},
    {"role": "user", "content": "Thanks"},
]
CASES = [*CHATS, TURNS, TURNS[1:], TURNS[:2], [TURNS[1], TURNS[0], TURNS[3]], [{"role": "system", "content": ""}, TURNS[1]]]


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def render(tokenizer, template, messages):
    try:
        return {"messages": messages, "text": tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=False)}
    except Exception as error:  # a template may refuse: so must ours
        return {"messages": messages, "error": str(error)}


def main():
    chat_template_utils.datetime = Clock
    tokenizer = build()["llama3"]
    vectors = {"versions": versions(), "now": NOW.isoformat()}
    for name in json.loads((FOLDER / "sources.json").read_text()):
        template = (FOLDER / f"{name}.jinja").read_text(encoding="utf-8")
        vectors[name] = [render(tokenizer, template, messages) for messages in CASES]
    write_json(FOLDER / "vectors.json", vectors)


if __name__ == "__main__":
    main()
