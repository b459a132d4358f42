"""How many examples the fuzz tests try: a few dozen, always the same, or FUZZ_EXAMPLES new ones."""

import os

from hypothesis import HealthCheck, settings

_examples = os.environ.get("FUZZ_EXAMPLES")
settings.register_profile(
    "fuzz",
    max_examples=int(_examples or 30),
    derandomize=_examples is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.load_profile("fuzz")
