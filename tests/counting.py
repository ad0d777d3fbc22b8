"""How much work something is: counted, never timed."""

import sys


def counted(function):
    """Returns how many calls and lines of Python a function takes."""
    count = 0

    def trace(*_):
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count
