"""Kernels for CUDA: of the floors above, what runs on a GPU. Only this folder imports Triton."""
