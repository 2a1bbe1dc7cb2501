"""TRL's DPOTrainer on token ids and loss masks made by mask-dpo-lab, one optimizer step (or one reference pass) a request."""
import sys
import time

import torch
from accelerate.utils import set_seed
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from wire import read_jsonl, receive, reply


class MaskedCollator(DataCollatorForPreference):
    """TRL's own batches; completion_mask is ours, which makes the objective Eq. 5-6."""

    def torch_call(self, examples):
        batch = super().torch_call(examples)
        rows = [e["prompt_mask"] + e[f"{side}_mask"] for side in ("chosen", "rejected") for e in examples]
        width = batch["input_ids"].shape[1]
        batch["completion_mask"] = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        return batch


class InOrder(DPOTrainer):
    """Pairs come tokenized, and in the order of the other side's batches."""

    def _prepare_dataset(self, dataset, *_):
        return dataset

    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)


class OneStepPerRequest(TrainerCallback):
    """Times what lies between two requests: fetching and collating a batch, forward, backward, clip, update."""

    def wait(self, control):
        request = receive()
        if request is None:
            control.should_training_stop = True
        else:
            self.lr = request["lr"]
        self.started = time.perf_counter()

    def on_train_begin(self, args, state, control, **_):
        reply(ready=True)
        self.wait(control)

    def on_step_begin(self, args, state, control, optimizer, **_):
        for group in optimizer.param_groups:  # our schedule, so that losses can be compared
            group["lr"] = self.lr

    def on_step_end(self, args, state, control, **_):
        self.seconds = time.perf_counter() - self.started

    def on_log(self, args, state, control, logs, **_):
        if "loss" not in logs:
            return
        reply(seconds=self.seconds, loss=float(logs["loss"]))
        self.wait(control)


def main():
    setup = receive()
    torch.set_num_threads(setup["threads"])
    set_seed(0)
    model = AutoModelForCausalLM.from_pretrained(setup["model"], dtype=torch.float32)
    if "adapter" in setup:
        model = PeftModel.from_pretrained(model, setup["adapter"], is_trainable=True)
    tokenizer = AutoTokenizer.from_pretrained(setup["tokenizer"])
    pairs = [{k: v for k, v in pair.items() if not k.startswith("ref_")} for pair in read_jsonl(setup["pairs"])]
    reference = setup["work"] == "reference"
    config = DPOConfig(
        output_dir=setup["scratch"], per_device_train_batch_size=setup["batch"], num_train_epochs=1, max_length=None,
        learning_rate=setup["lr"], beta=setup["beta"], lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0,
        max_grad_norm=1.0, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8, precompute_ref_log_probs=not reference,
        gradient_checkpointing=setup["gradient_checkpointing"], bf16=False, logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True,
        use_cpu=True, remove_unused_columns=False, disable_dropout=False,
    )
    trainer = InOrder(model=model, ref_model=None, args=config, train_dataset=Dataset.from_list(pairs), processing_class=tokenizer,
                      data_collator=MaskedCollator(pad_token_id=0), callbacks=[OneStepPerRequest()])
    if not reference:
        trainer.train()
        return
    trainer.model.eval()
    reply(ready=True)
    while receive() is not None:
        started = time.perf_counter()
        loader = torch.utils.data.DataLoader(trainer.train_dataset, batch_size=setup["batch"], collate_fn=trainer.data_collator)
        sums = [trainer.compute_ref_log_probs(trainer.ref_model or trainer.model, batch) for batch in loader]
        reply(seconds=time.perf_counter() - started, sum=float(sum(c.sum() + r.sum() for c, r in sums)))


sys.exit(main())
