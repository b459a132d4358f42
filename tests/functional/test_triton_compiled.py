"""That a GPU's compiler takes Triton's kernels, within the memory that it has; no GPU is needed."""

import importlib
import re

import pytest

from ssm_estimators.functional.scan import set_backend

WALK = {"T": 64, "Q": 1, "WIDTH_IN": 64, "M": 1, "WIDTH_OUT": 64, "N": 64, "ROWS": 16, "REVERSE": False, "WRITE": True}
WALK |= {"SAVE": True, "INITIAL": False, "ADDED": False, "OTHER": False, "DIAGONAL": True, "WIDTH_STATE": 32}
SUMS = {name: WALK[name] for name in ("T", "Q", "WIDTH_IN", "M", "WIDTH_OUT", "N", "DIAGONAL")}
SUMS |= {"ROWS": 32, "WIDTH_STATE": 64, "TOEPLITZ": True}
DENSE = {"DIAGONAL": False, "WIDTH_STATE": 64}
MODES = {"Q": 1, "R": 2, "K": 2, "P": 32, "WIDTH": 32, "TILE": 16, "BITS": 7}
DOUBLING = {"N": 64, "WIDTH": 64, "R": 2, "T": 64, "BITS": 6}
HOLD = {"HOLD": True, "P": 32, "WIDTH": 32}
LIQUID = {"P": 32, "WIDTH": 32, "CASES": 4, "CHUNK": 64, "GUARD": True, "INITIAL": True}
POINTS, COLUMNS = {"POINTS": 1024, "GAIN": True}, {"WIDTH": 256, "COLUMNS": 32}
COMPILED = {
    "walk": ("triton_kernels", "walk", WALK),
    "walk, dense": ("triton_kernels", "walk", WALK | DENSE),
    "walk, all options": (
        "triton_kernels",
        "walk",
        WALK | {"REVERSE": True, "INITIAL": True, "ADDED": True, "OTHER": True, "Q": 2, "WIDTH_IN": 128},
    ),
    "walk, bfloat16": ("triton_kernels", "walk", WALK),
    "walk, states only": ("triton_kernels", "walk", WALK | DENSE | {"WRITE": False, "SAVE": False}),
    "sums": ("triton_kernels", "matrix_gradients", SUMS),
    "sums, dense": ("triton_kernels", "matrix_gradients", SUMS | DENSE),
    "sums, second direction": ("triton_kernels", "matrix_gradients", SUMS | {"TOEPLITZ": False}),
    "modes": ("triton_modes", "_modes", MODES),
    "gradients of modes": ("triton_modes", "_modes_backward", MODES),
    "powers of dense systems": ("triton_dense", "_double", DOUBLING),
    "gradients of powers": ("triton_dense", "_double_backward", DOUBLING),
    "zero-order hold": ("triton_discretize", "_discretize", HOLD),
    "gradients of zero-order hold": ("triton_discretize", "_discretize_backward", HOLD),
    "bilinear rule": ("triton_discretize", "_discretize", HOLD | {"HOLD": False}),
    "gradients of bilinear rule": ("triton_discretize", "_discretize_backward", HOLD | {"HOLD": False}),
    "bilinear rule, low rank": ("triton_dplr", "_bilinear", HOLD),
    "gradients of bilinear rule, low rank": ("triton_dplr", "_bilinear_backward", HOLD),
    "activation": ("triton_block", "_activate", POINTS),
    "gradients of activation": ("triton_block", "_activate_backward", POINTS),
    "gate": ("triton_block", "_gate", POINTS),
    "gradients of gate": ("triton_block", "_gate_backward", POINTS),
    "layer norm": ("triton_block", "_normalise", COLUMNS),
    "gradients of layer norm": ("triton_block", "_normalise_backward", COLUMNS),
    "liquid": ("triton_liquid", "_liquid_walk", LIQUID),
    "gradients of liquid": ("triton_liquid", "_liquid_walk_back", LIQUID),
}
NUMBERS = {"H", "T", "L", "piece", "n_chunks", "n_pieces", "n_rows", "n_tiles", "n_cases", "batch", "n"}
# arrays of double precision; the others are of single
DOUBLES = {
    "triton_dense": {"A", "vectors"},
    "triton_discretize": {"A_bar", "B_bar", "dA_bar", "dB_bar"},
    "triton_dplr": {"A_bar", "B_bar", "dA_bar", "dB_bar"},
    "triton_modes": {"A_bar", "amplitudes", "dA_bar", "damplitudes"},
    "triton_liquid": {"dA", "dB"},
}


def _type(name, module, is_narrow):
    if is_narrow and name in ("u", "y"):
        return "*bf16"
    if name in NUMBERS or re.search("_[qhbmij]$", name):
        return "i32"
    if name in ("eps", "rate"):
        return "fp32"
    return "*i32" if name in ("last", "n_clamped") else "*fp64" if name in DOUBLES.get(module, ()) else "*fp32"


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("precision", ["tf32", "tf32x3"])
def test_a_gpu_s_compiler_takes_the_kernels(name, precision):
    compiler = pytest.importorskip("triton.compiler")  # Triton is there on Linux only
    from triton.backends.compiler import GPUTarget

    module, function, constants = COMPILED[name]
    kernel = getattr(importlib.import_module(f"ssm_estimators.functional.{module}"), function)
    names = kernel.arg_names
    constants = {key: value for key, value in {**constants, "PRECISION": precision}.items() if key in names}
    types = {key: _type(key, module, "bfloat16" in name) for key in names}
    source = compiler.ASTSource(
        fn=kernel,
        signature=types | dict.fromkeys(constants, "constexpr"),
        constexprs={(names.index(key),): value for key, value in constants.items()},
    )
    compiled = compiler.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    assert compiled.metadata.shared <= 227 * 1024  # bytes a block has
    assert "cubin" in compiled.asm


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match=r"must be one of \('auto', 'torch', 'triton'\); got 'cuda'"):
        set_backend("cuda")
