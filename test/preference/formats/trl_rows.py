"""One step of TRL's DPOTrainer on rows that `mask-dpo export --to trl` wrote.

    python trl_rows.py MODEL ROWS SCRATCH    a JSON line on stdout: {rows, loss, chosen, columns}
"""
import json
import sys

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

model_dir, rows_file, scratch = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model_dir)
tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{{ eos_token if m.role == 'assistant' else '\n' }}{% endfor %}"
dataset = load_dataset("json", data_files=rows_file, split="train")
config = DPOConfig(output_dir=scratch, per_device_train_batch_size=2, max_steps=1, max_length=None, logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, bf16=False, disable_tqdm=True)
trainer = DPOTrainer(model=AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32), args=config, train_dataset=dataset, processing_class=tokenizer)
batch = next(iter(trainer.get_train_dataloader()))
trainer.train()
loss = next(row["loss"] for row in trainer.state.log_history if "loss" in row)
print(json.dumps({"rows": len(dataset), "loss": loss, "chosen": [tokenizer.decode(row["chosen_ids"]) for row in trainer.train_dataset], "columns": list(batch)}))
