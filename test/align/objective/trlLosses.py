"""Losses of TRL's trainers on token ids and masks of pairs, one JSON object: by case the losses of the pairs, each a
batch of its own, with the gradient of their sum in CASE.gradient (float32); `kto` is of all pairs at once.

Run as: python trlLosses.py FOLDER, which holds policy, reference (Hugging Face folders), tokens.jsonl (chosen and
rejected, each with ids and mask), mismatched.jsonl (the same, with other completions), cases.json ({name: {attribute:
value}}) and names.json (of the weights, in the order of a gradient).
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from datasets import Dataset
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

FOLDER = Path(sys.argv[1])
PLAIN = {
    "loss_types": ["sigmoid"],
    "loss_weights": [1.0],
    "beta": 0.1,
    "label_smoothing": 0.0,
    "ld_alpha": None,
    "use_weighting": False,
}


def rows(name):
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def pad(values):
    return pad_sequence([torch.tensor(value) for value in values], batch_first=True)


def tensors(sides, prefix=""):
    batch = {
        "input_ids": pad(side["ids"] for side in sides),
        "attention_mask": pad([1] * len(side["ids"]) for side in sides),
        "completion_mask": pad(side["mask"] for side in sides),
    }
    return {prefix + key: value for key, value in batch.items()}


def tokenised(trainer_class):
    class Tokenised(trainer_class):
        def _prepare_dataset(self, dataset, *_):
            return dataset

    return Tokenised


def trainer_of(trainer_class, config, **options):
    models = [
        AutoModelForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float32).eval()
        for name in ("policy", "reference")
    ]
    args = config(
        output_dir=str(FOLDER / "out"), use_cpu=True, bf16=False, report_to=[], remove_unused_columns=False, **options
    )
    empty = Dataset.from_list([{"prompt": "a", "completion": "b", "label": True}])
    return tokenised(trainer_class)(
        model=models[0], ref_model=models[1], args=args, train_dataset=empty, data_collator=lambda rows: {}
    )


def logps(model, side):
    """Masked sum and count of log-probabilities."""
    ids, mask = torch.tensor([side["ids"]]), torch.tensor(side["mask"][1:])
    values = model(input_ids=ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    return (values * mask).sum(), mask.sum()


def function_losses(model, pair):
    """Losses that are functions of log-probabilities, of the trainers that have them as such."""
    (chosen, n_w), (rejected, n_l) = logps(model, pair["chosen"]), logps(model, pair["rejected"])
    cpo = SimpleNamespace(alpha=0.0, beta=0.1, label_smoothing=0.0, loss_type="sigmoid", accelerator=model)
    simpo = SimpleNamespace(
        alpha=0.0, beta=2.0, label_smoothing=0.0, loss_type="simpo", simpo_gamma=0.5, accelerator=model
    )
    means = (chosen / n_w)[None], (rejected / n_l)[None]
    return {
        "cpo": CPOTrainer.cpo_loss(cpo, chosen[None], rejected[None])[0].sum(),
        "simpo": CPOTrainer.cpo_loss(simpo, *means)[0].sum(),
        "orpo": -means[0].sum()
        - ORPOTrainer.odds_ratio_loss(SimpleNamespace(beta=0.1, accelerator=model), *means)[0].sum(),
    }


def taken(model, name, losses):
    """The losses as numbers; leaves the gradient of their sum in a file."""
    model.zero_grad()
    torch.stack(losses).sum().backward()
    weights = dict(model.named_parameters())
    gradient = torch.cat([weights[key].grad.flatten() for key in json.loads((FOLDER / "names.json").read_text())])
    (FOLDER / f"{name}.gradient").write_bytes(gradient.numpy().tobytes())
    return [loss.item() for loss in losses]


def main():
    pairs, results = rows("tokens.jsonl"), {}
    trainer = trainer_of(DPOTrainer, DPOConfig, use_weighting=True)  # decides at the start what a forward pass gives
    model = trainer.model
    for name, attributes in json.loads((FOLDER / "cases.json").read_text()).items():
        for key, value in (PLAIN | attributes).items():
            assert hasattr(trainer, key), key
            setattr(trainer, key, value)
        results[name] = taken(
            model,
            name,
            [trainer._compute_loss(model, tensors([pair["chosen"], pair["rejected"]]), False) for pair in pairs],
        )
    for name in ("cpo", "simpo", "orpo"):
        results[name] = taken(model, name, [function_losses(model, pair)[name] for pair in pairs])
    trainer = trainer_of(
        KTOTrainer,
        KTOConfig,
        per_device_train_batch_size=2,
        train_sampling_strategy="sequential",
        beta=0.1,
        desirable_weight=1.2,
        undesirable_weight=0.8,
    )
    items = [pair[side] for side in ("chosen", "rejected") for pair in pairs]
    others = [pair[side] for side in ("chosen", "rejected") for pair in rows("mismatched.jsonl")]
    labels = torch.tensor([True] * len(pairs) + [False] * len(pairs))
    results["kto"] = taken(
        trainer.model,
        "kto",
        [trainer._compute_loss(trainer.model, tensors(items) | tensors(others, "KL_") | {"label": labels}, False)],
    )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
