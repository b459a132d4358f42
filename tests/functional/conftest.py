"""Which tests a process can run: kernels are interpreted, or compiled, in one of its own."""

import os

INTERPRETED, ON_GPU = os.environ.get("TRITON_INTERPRET") == "1", os.environ.get("TEST_DEVICE") == "cuda"

collect_ignore = ["test_triton_compiled.py"] if INTERPRETED else [] if ON_GPU else ["test_triton.py"]
