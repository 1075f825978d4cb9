"""A real small training: handwritten digits, one pass over them a step, followed through `cockpit.track`.

`python training.py OUT GATE`: writes its own record of every step to OUT, and waits in the middle until GATE is there.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from cockpit.track import log

STEPS = 12


def main() -> None:
    """Train; what it logs and what it writes down itself are the same numbers."""
    digits = load_digits()
    dice = np.random.default_rng(7)
    order = dice.permutation(len(digits.target))
    train, held_out = order[:1200], order[1200:]
    inputs, labels = digits.data / 16.0, digits.target
    model = SGDClassifier(loss="log_loss", alpha=1e-4, random_state=0)
    own = Path(sys.argv[1])
    for step in range(1, STEPS + 1):
        for rows in np.array_split(dice.permutation(train), 8):
            model.partial_fit(inputs[rows], labels[rows], classes=np.arange(10))
        numbers = {
            "loss": log_loss(labels[train], model.predict_proba(inputs[train])),
            "eval_loss": log_loss(labels[held_out], model.predict_proba(inputs[held_out])),
            "eval_accuracy": model.score(inputs[held_out], labels[held_out]),
        }
        log(step=step, max_steps=STEPS, **numbers)
        with own.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **{name: float(one) for name, one in numbers.items()}}) + "\n")
        if step == STEPS // 2:
            sys.stdout.write("half of the way\n")
            while not Path(sys.argv[2]).exists():
                time.sleep(0.02)
    sys.stdout.write(f"held-out accuracy {numbers['eval_accuracy']:.4f}\n")


if __name__ == "__main__":
    main()
