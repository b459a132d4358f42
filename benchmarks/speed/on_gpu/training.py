"""Parts that train: a step of BIDMC's network, and whole fits."""

import time
from importlib.util import find_spec

import torch

from benchmarks.speed.on_gpu.device import Rehearsal, allow
from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork

NEEDED = [name for name in ("skorch", "sklearn", "pandas", "tabulate", "tqdm") if find_spec(name) is None]


def training_step(verdict, device, args):
    """BIDMC's: 32 cases of 4,000 points of two signals, 6 blocks of 128 features; as launched, and as captured."""
    for precision in args.precisions:

        def measures(precision=precision):
            from ssm_estimators.training.cuda_graph import EAGER, CapturedPasses

            allow(precision)
            rehearsed = isinstance(device, Rehearsal)
            n_cases, n_points, d_model, n_layers = (2, 20, 4, 1) if rehearsed else (32, 4000, 128, 6)
            params = {"d_state": device.N, "bidirectional": True, "dt_min": 0.001, "dt_max": 0.1}
            network = SequenceNetwork(S4D, params, 2, 3, d_model, n_layers, seed=0).to(device.name)
            optimizer = torch.optim.AdamW(network.parameters(), fused=True)
            X = torch.randn(n_cases, 2, n_points, device=device.name)
            y = torch.randn(n_cases, 3, device=device.name)

            def step_of(passes):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(passes(X), y).backward()
                optimizer.step()

            yield "eager", lambda: device.time(lambda: step_of(network))
            captured = CapturedPasses(network, torch.rand, precision)
            for _ in range(1 if rehearsed else EAGER + 1):
                step_of(captured)
            yield "captured", lambda: device.time(lambda: step_of(captured))
            yield "has a graph", lambda: rehearsed or _is_true(captured.replay is not None, "no graph was captured")

        trained(verdict, measures, part="step", model="BIDMC's training step", precision=precision)


def fits(verdict, device, args):
    """Seconds of default fits and transforms of sets of GunPoint's size, the second time: kernels are compiled then."""
    small = {"max_epochs": 1, "d_model": 4, "n_layers": 1} if isinstance(device, Rehearsal) else {}

    def measures():
        import ssm_estimators
        from ssm_estimators.random_features import StateSpaceFeatures

        allow("float32")
        replayed = _count_replays()
        generator = torch.Generator().manual_seed(0)
        X = torch.randn(*((8, 1, 20) if small else (50, 1, 150)), generator=generator).numpy()
        y = torch.arange(len(X)).numpy() % 2
        many = torch.randn(*((8, 1, 20) if small else (2000, 1, 500)), generator=generator).numpy()
        for name in ("S4DClassifier", "LiquidS4Classifier", "StateSpaceRidgeClassifier"):
            params = {"n_kernels": 64} if small and "Ridge" in name else {} if "Ridge" in name else small
            made = getattr(ssm_estimators, name)(random_state=0, device=device.name, **params)
            yield name, lambda made=made: min(seconds(lambda: made.fit(X, y)) for _ in range(2))
        yield "graphs replayed", lambda: "none" if small else _is_true(len(replayed), "no graph was replayed")
        features = StateSpaceFeatures(device=device.name, random_state=0, n_kernels=64 if small else 2000).fit(many)
        name = "StateSpaceFeatures, 2,000 cases of 500 points"
        yield name, lambda: min(seconds(lambda: features.transform(many)) for _ in range(2))

    trained(verdict, measures, part="fits", unit="s")


def _count_replays():
    """A list that grows by one with each replay of a CUDA graph: none may mean that all captures have failed."""
    replayed, replay = [], torch.cuda.CUDAGraph.replay

    def counted(graph):
        replayed.append(True)
        return replay(graph)

    torch.cuda.CUDAGraph.replay = counted
    return replayed


def _is_true(value, otherwise):
    if not value:
        raise RuntimeError(otherwise)
    return value


def trained(verdict, measures, **facts):
    if NEEDED:
        return verdict.row(lambda: (), **facts, skipped=f"needs {', '.join(NEEDED)}")
    return verdict.row(measures, **facts)


def seconds(function):
    start = time.perf_counter()
    function()
    return round(time.perf_counter() - start, 2)


PARTS = {"step": training_step, "fits": fits}
