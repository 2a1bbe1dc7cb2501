"""transformers generate: K sampled completions of each prompt, `prompts` prompts a call, left-padded as its documentation asks."""
import sys
import time

import torch
from transformers import AutoModelForCausalLM, set_seed

from wire import receive, reply


def main():
    setup = receive()
    torch.set_num_threads(setup["threads"])
    set_seed(setup["seed"])
    model = AutoModelForCausalLM.from_pretrained(setup["model"], dtype=torch.float32).eval()
    eos = model.config.eos_token_id
    pad = eos if model.config.pad_token_id is None else model.config.pad_token_id
    reply(ready=True)
    while request := receive():
        started = time.perf_counter()
        tokens = 0
        prompts = sorted(request["prompts"], key=len)
        for i in range(0, len(prompts), request["at_once"]):
            batch = prompts[i : i + request["at_once"]]
            width = max(map(len, batch))
            ids = torch.tensor([[pad] * (width - len(p)) + p for p in batch])
            attention = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in batch])
            with torch.inference_mode():
                out = model.generate(input_ids=ids, attention_mask=attention, do_sample=True, top_k=setup["top_k"], temperature=setup["temperature"], top_p=1.0,
                                     num_return_sequences=request["k"], max_new_tokens=setup["max_new_tokens"], pad_token_id=pad)
            new = out[:, width:]
            tokens += int(((new != pad) & (new != eos)).sum())
        reply(seconds=time.perf_counter() - started, tokens=tokens)


sys.exit(main())
