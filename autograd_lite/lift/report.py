"""What `print(lifted)` says: which forms of samples were recorded, what they became, and what was left out.

The program of each form's first path is shown; further paths are counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from .blocks import shortened
from .forms import Form
from .listing import listing
from .paths import Path

__all__ = ["report", "title"]


def title(function: Callable[..., Any]) -> str:
    """Returns what to call a function.

    Example:
        >>> title(max), title(lambda x: x)
        ('max', 'function')
    """
    name = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else shortened(str(name))


def report(function: Callable[..., Any], forms: Sequence[Form]) -> str:
    """Returns what has been recorded of a function.

    Args:
        function: the scalar code.
        forms: its recordings.
    """
    name = title(function)
    recorded = [form for form in forms if form.paths]
    if not recorded:
        return f"{name}: nothing recorded yet; call it once, or use lift(..., example=(x, y))"
    return "\n\n".join("\n".join([f"{name}({_sample(form)})", *_form(form)]) for form in recorded)


def _form(form: Form) -> list[str]:
    first = form.paths[0]
    lines = [_ways(form.paths), *_left_out(form)]
    return [*(f"  {line}" for line in lines if line), *listing(first.value, size=first.size).splitlines()]


def _ways(paths: Sequence[Path]) -> str:
    compared = sum(
        math.prod(guards.program.instructions[i].shape)
        for guards in (paths[0].fixed, paths[0].live)
        for i in guards.program.outputs
    )
    if not compared:
        return ""
    ways = "1 way" if len(paths) == 1 else f"{len(paths)} ways"
    more = "" if len(paths) == 1 else ", of which the first is shown"
    return f"{ways} through {compared:,} comparison{'' if compared == 1 else 's'}{more}"


def _left_out(form: Form) -> list[str]:
    lines = []
    if form.failures:
        lines.append(f"not lifted: {form.failures:,} samples, which took yet other ways, ran in the scalar engine")
    called = sorted({re.sub(r"__\d+$", "", name) for path in form.paths for name in path.value.functions})
    if called:
        names = ", ".join(shortened(name) for name in called[:6]) + (", ..." if len(called) > 6 else "")
        lines.append(f"not lifted: Python functions, called element by element: {names}")
    return lines


def _sample(form: Form) -> str:
    """Returns what one sample is made of."""
    arguments = [f"{shortened(name)}: {_nested(nesting)}" for name, nesting in form.nesting]
    static = [f"{shortened(name)}={value!r:.20}" for name, value in form.static.items()]
    return ", ".join([*arguments, *static])


def _nested(nesting: Any) -> str:
    if len(nesting) == 2 and isinstance(nesting[1], str):
        shape, kind = nesting
        word = "whole number" if kind == "whole" else "number"
        return " x ".join(map(str, shape)) + f" {word}s" if shape else word
    kinds = set(map(_nested, nesting))
    return (
        f"{len(nesting)} {kinds.pop()}s" if kinds <= {"number", "whole number"} and kinds else f"{len(nesting)} lists"
    )
