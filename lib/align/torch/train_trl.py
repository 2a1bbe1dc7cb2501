"""Mask-DPO by TRL's DPOTrainer, on token ids and loss masks that mask-dpo-lab made, in as many processes as it is launched with.

    accelerate launch --config_file fsdp.yaml train_trl.py --model_name_or_path MODEL --output_dir FOLDER --activation_checkpointing False

The flags are TRL's (DPOConfig, ModelConfig). Those of beta, AdamW, clipping and pairs per forward pass default to recipe.json;
the pairs and the learning rate of every step are those of steps.jsonl, so flags of epochs, accumulation, batch search, order,
schedule and length do nothing. Loss, reference, logging and checkpoints are TRL's. The loss does not depend on the number of processes.
"""
import hashlib
import json
import math
from pathlib import Path
from types import SimpleNamespace

import torch
from datasets import Dataset, concatenate_datasets, load_dataset
from objectives import OBJECTIVES
from torch.nn.utils.rnn import pad_sequence
from transformers.utils import cached_file
from trl import DPOConfig, DPOTrainer, ModelConfig, TrlParser, get_peft_config, get_quantization_config

HERE = Path(__file__).parent
EMPTY = {"ids": [0, 0], "mask": [0, 0]}  # as a side of a pair: log-ratio 0, no gradient, the loss of `loss_of_empty`
LOSS_TYPES = {
    "dpo": "sigmoid",
    "ld-dpo": "sigmoid",
    "tis-dpo": "sigmoid",
    "robust": "robust",
    "hinge": "hinge",
    "ipo": "ipo",
    "dpo-norm": "sigmoid_norm",
    "apo-zero": "apo_zero",
    "apo-down": "apo_down",
    "bco-pair": "bco_pair",
    "nca": "nca_pair",
    "sppo-hard": "sppo_hard",
    "exo": "exo_pair",
}
MEANS = ("rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected")


def pad(rows):
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def collate(pairs):
    """A batch of DPOTrainer: chosen sides, then rejected ones; completion_mask is 1 where the token's log-probability counts."""
    sides = [pair[side] for side in ("chosen", "rejected") for pair in pairs]
    batch = {
        "input_ids": pad(side["ids"] for side in sides),
        "attention_mask": pad([1] * len(side["ids"]) for side in sides),
        "completion_mask": pad([int(weight > 0) for weight in side["mask"]] for side in sides),
    }
    precomputed = [key for key in ("ref_chosen_logps", "ref_rejected_logps") if key in pairs[0]]
    return {**batch, **{key: torch.tensor([pair[key] for pair in pairs]) for key in precomputed}}


class MaskDPOTrainer(DPOTrainer):
    """DPOTrainer on rows that are tokens already, the last of them empty: it fills the batches that do not divide."""

    def __init__(self, steps, peak, loss_of_empty, args, **rest):
        self.steps, self.peak, self.loss_of_empty = steps, peak, loss_of_empty
        self.filled = args.world_size * args.gradient_accumulation_steps * args.per_device_train_batch_size  # rows of a step
        super().__init__(args=args, data_collator=collate, **rest)

    def _prepare_dataset(self, dataset, *_):
        return dataset

    def _get_train_sampler(self, dataset):
        """Rows in the order of the steps; accelerate deals its batches to the processes in turn."""
        return [row for step in self.steps for row in step["pairs"] + [len(dataset) - 1] * (self.filled - len(step["pairs"]))]

    def create_scheduler(self, num_training_steps, optimizer=None):
        rates = [step["lr"] / self.peak for step in self.steps]
        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, lambda done: rates[min(done, len(rates) - 1)])
        return self.lr_scheduler

    def get_decay_parameter_names(self, model):
        return [name for name, _ in model.named_parameters()]  # norms and biases too, as in mask-dpo train

    def compute_loss(self, model, inputs, *rest, **named):
        """TRL's mean over all rows of a batch, made one over its pairs."""
        empty = 1 - inputs["completion_mask"].any(1).float().mean()
        scale = self.filled / len(self.steps[self.state.global_step]["pairs"])
        loss = super().compute_loss(model, inputs, *rest, **named)
        for key in MEANS:
            self._metrics["train"][key][-1] *= scale
        return scale * (loss - self.loss_of_empty * empty)


def loss_of_empty(recipe, args):
    """Of a pair without a counted token."""
    zero = SimpleNamespace(d=torch.tensor(0.0), n=torch.tensor(1.0))
    options = recipe["options"] | {"beta": args.beta, "tau": args.beta, "labelSmoothing": args.label_smoothing}
    return OBJECTIVES[recipe["objective"]](zero, zero, options)[0].item()


def main():
    recipe = json.loads((HERE / "recipe.json").read_text(encoding="utf8"))
    name, options = recipe["objective"], recipe["options"]
    if name not in LOSS_TYPES:
        known = ", ".join(LOSS_TYPES)
        raise SystemExit(
            f"recipe.json: expected an objective that TRL's DPOTrainer has as mask-dpo-lab has it ({known}), got {name}."
            " Train it with train.py."
        )
    steps = [json.loads(line) for line in (HERE / "steps.jsonl").read_text(encoding="utf8").splitlines()]
    parser = TrlParser((DPOConfig, ModelConfig))
    parser.set_defaults(
        loss_type=[LOSS_TYPES[name]],
        beta=options.get("beta", options.get("tau")),
        label_smoothing=options.get("labelSmoothing", 0.0),
        ld_alpha=options["alpha"] if name == "ld-dpo" else None,
        learning_rate=recipe["lr"], adam_beta1=recipe["betas"][0], adam_beta2=recipe["betas"][1], adam_epsilon=recipe["eps"],
        weight_decay=recipe["weightDecay"], max_grad_norm=recipe["clip"], per_device_train_batch_size=recipe["microbatch"], max_steps=len(steps), remove_unused_columns=False,
    )
    args, model = parser.parse_args_and_config()
    if args.loss_type != [LOSS_TYPES[name]]:
        raise SystemExit(f"--loss_type: expected {LOSS_TYPES[name]}, the loss of the exported {name}, got {' '.join(args.loss_type)}.")
    tokenizer = cached_file(model.model_name_or_path, "tokenizer.json", revision=model.model_revision)
    if hashlib.sha256(Path(tokenizer).read_bytes()).hexdigest() != recipe["tokenizer"]:
        raise SystemExit(f"{model.model_name_or_path}: expected the tokenizer.json that the ids came from, got another. Export again with this model.")
    args.auto_find_batch_size = False
    share = math.ceil(max(len(step["pairs"]) for step in steps) / args.world_size)  # of a process in a step, in as few and as even batches as fit
    args.gradient_accumulation_steps = math.ceil(share / args.per_device_train_batch_size)
    args.per_device_train_batch_size = math.ceil(share / args.gradient_accumulation_steps)
    args.model_init_kwargs = {"revision": model.model_revision, "attn_implementation": model.attn_implementation, "dtype": model.dtype, **(args.model_init_kwargs or {})}

    pairs = load_dataset("json", data_files=str(HERE / "tokens.jsonl"), split="train")
    empty = Dataset.from_list([{"questionId": "", "chosen": EMPTY, "rejected": EMPTY}], features=pairs.features)
    trainer = MaskDPOTrainer(
        steps, recipe["lr"], loss_of_empty(recipe, args), model=model.model_name_or_path, args=args, train_dataset=concatenate_datasets([pairs, empty]),
        peft_config=get_peft_config(model), quantization_config=get_quantization_config(model),
    )
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)
    trainer.save_model()
    trainer.save_state()  # trainer_state.json: what was logged
    trainer.end()


if __name__ == "__main__":
    main()
