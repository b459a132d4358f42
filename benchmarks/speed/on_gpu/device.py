"""How a GPU is measured, and what stands in for a GPU in a rehearsal."""

import gc
import statistics
import time

import torch

from ssm_estimators.functional.backend import takes_triton


def allow(precision):
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"


def kernels_of(device):
    """Whose kernels run the scans on a device."""
    return "Triton" if takes_triton(torch.empty(0, device=device)) else "PyTorch"


class Cuda:
    """How a GPU is measured."""

    name, H, N, points = "cuda", 256, 64, 65_536

    def __init__(self, repeats):
        self.repeats, self.kernels = repeats, kernels_of(self.name)
        self.card = torch.cuda.get_device_name()
        self.flush = torch.empty(2**28, dtype=torch.int8, device="cuda")
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        for _ in range(2):
            start.record()
            torch.cuda._sleep(10**8)
            end.record()
        end.synchronize()
        self.cycles = 10**8 / start.elapsed_time(end)  # a ms

    def time(self, function):
        """Milliseconds on the device and, to launch it, on the host."""
        for _ in range(3):
            function()
        torch.cuda.synchronize()
        start = time.perf_counter()
        function()
        host = 1e3 * (time.perf_counter() - start)
        times = []
        for _ in range(self.repeats):
            self.flush.zero_()
            torch.cuda._sleep(int(self.cycles * (0.5 + 2 * host)))
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            function()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end))
        return round(statistics.median(times), 4), round(host, 3)

    def megabytes(self, function):
        """Memory of one call beyond what is there before it."""
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        function()
        torch.cuda.synchronize()
        return round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)

    def captured(self, module, x):
        """The module in a CUDA graph, for inputs of this shape."""
        return torch.cuda.make_graphed_callables(module, (x.detach().clone().requires_grad_(),))

    def free(self):
        """Give back what the last row took."""
        gc.collect()
        torch.cuda.empty_cache()

    def bytes_a_ms(self):
        """Bytes read and written by a large copy."""
        source = torch.empty(2**28, device="cuda")
        return 2 * source.nbytes / self.time(source.clone)[0]


class Rehearsal(Cuda):
    """The same calls on a CPU."""

    name, H, N, points = "cpu", 4, 8, 128

    def __init__(self, repeats):
        self.card, self.repeats, self.kernels = "none: a rehearsal on a CPU", 1, kernels_of(self.name)

    def time(self, function):
        function()
        return 0.0, 0.0

    def megabytes(self, function):
        function()
        return 0.0

    def captured(self, module, x):
        return module

    def free(self):
        gc.collect()

    def bytes_a_ms(self):
        return 1.0
