"""A network trained by two processes, each on half of every batch, and by one: the losses are the same.

On several GPUs or machines the same script runs with ``accelerate launch``: it then calls ``train`` only.

python examples/train_on_processes.py
"""

import sys

import numpy as np
from accelerate import Accelerator, debug_launcher

from ssm_estimators import S4DClassifier


def waves():
    """96 cases of two frequencies, 64 points."""
    rng, y = np.random.default_rng(0), np.arange(96) % 2
    X = np.sin((0.2 + 0.2 * y[:, None]) * np.arange(64) + rng.uniform(0, 6, (96, 1)))
    return (X + 0.5 * rng.standard_normal(X.shape))[:, None], y


def train(batch_size=16, device="cpu"):
    """Losses by epoch; every process prints them, the first one only once."""
    accelerator = Accelerator(cpu=device == "cpu")
    clf = S4DClassifier(
        d_model=16,
        d_state=8,
        n_layers=2,
        dropout=0.0,
        max_epochs=4,
        batch_size=batch_size,
        random_state=0,
        n_threads=1,
        net_params={"accelerator": accelerator},
    )
    losses = clf.fit(*waves()).history_[:, "train_loss"]
    print(
        f"process {accelerator.process_index} of {accelerator.num_processes}, losses {np.round(losses, 6)}", flush=True
    )
    return losses


if __name__ == "__main__":
    if "--alone" in sys.argv:
        train(batch_size=32)
    else:
        debug_launcher(train, num_processes=2)
