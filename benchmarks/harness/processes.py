"""Calls in a process of their own."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def in_new_process(function, *args):
    """What a function returns that is run by a new process, whose memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *args).result()
