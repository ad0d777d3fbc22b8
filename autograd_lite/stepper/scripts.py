"""A function in a script, as the command is given it: `train.py:loss`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from autograd_lite.errors import AutogradError, InputError

from .arguments import signature_of
from .stepper import Stepper, step

__all__ = ["is_script", "step_script"]

_SCRIPT = re.compile(r"(.+\.py)(?::(.*))?", re.DOTALL)


def is_script(text: str) -> bool:
    """Says whether a text is `script.py:function` rather than a formula."""
    return _SCRIPT.fullmatch(text) is not None


def step_script(text: str, point: Mapping[str, float]) -> Stepper:
    """Imports a script, calls one of its functions under `step`, and returns the stepper.

    The script is imported, so what it does under `if __name__ == "__main__":` is not done. Its folder is on the path,
    as when Python runs it.

    Args:
        text: `script.py:function`.
        point: numbers by parameter. A parameter that is not here keeps its default, a float of which becomes a Value.
    Raises:
        InputError: no such script or function; parameters that are missing, or that it does not have; the script, or
            the function, raised an error of its own.
        AutogradError: any error of the engine's, in the function.
    """
    match = _SCRIPT.fullmatch(text)
    assert match  # the caller has asked is_script
    script, name = Path(match[1]), match[2] or ""
    if not script.is_file():
        raise InputError(f"there is no script {script}; give the path of a file, as in path/to/{script.name}:function")
    module = _guarded(script, f"importing {script}", lambda: _imported(script))
    function = module.get(name)
    if not callable(function):
        ours = [key for key, thing in module.items() if getattr(thing, "__module__", "") == module["__name__"]]
        known = ", ".join(key for key in ours if inspect.isroutine(module[key])) or "none"
        lacks = f"has no function {name!r:.60}" if name else "alone names no function"
        raise InputError(f"{script} {lacks}; give {script}:function, one of its functions, which are {known}")
    by_position, by_name = _arguments(f"{script.name}:{name}", function, point)
    stepper: Stepper = _guarded(script, f"{script.name}:{name}", lambda: step(function, *by_position, **by_name))
    return stepper


def _imported(script: Path) -> dict[str, Any]:
    folder, name = str(script.absolute().parent), script.stem
    while name in sys.modules or name in sys.stdlib_module_names or name == "nn":
        name += "_"  # nothing that is imported already, or will be, may be taken for it
    spec = spec_from_file_location(name, script.absolute())
    assert spec
    assert spec.loader  # for a name that ends in .py there is one
    module = module_from_spec(spec)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules[name] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return vars(module)


def _arguments(
    call: str, function: Callable[..., Any], point: Mapping[str, float]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Returns the point as the function takes it, by position and by name; float defaults are added."""
    signature = signature_of(function)
    if signature is None:  # written in C: numbers go by their order
        return [*point.values()], {}
    parameters = signature.parameters
    rest = {p.kind: name for name, p in parameters.items() if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    single = {name: p for name, p in parameters.items() if name not in rest.values()}
    missing = [name for name, p in single.items() if p.default is p.empty and name not in point]
    extra = {name: number for name, number in point.items() if name not in single}
    if missing:
        add = ",".join(f"{name}=1" for name in missing)
        raise InputError(f"no number for {', '.join(missing)} of {call}; add --at {add}")
    if extra and not rest:
        takes = f"it takes {', '.join(single)}" if single else "it takes no arguments; leave --at out"
        raise InputError(f"--at gives {', '.join(extra)}, which {call} does not take; {takes}")
    defaults = {name: p.default for name, p in single.items() if isinstance(p.default, float)}
    given = defaults | {name: number for name, number in point.items() if name in single}
    bound = inspect.BoundArguments(signature, {name: given[name] for name in single if name in given})
    if inspect.Parameter.VAR_KEYWORD in rest:
        return bound.args, {**bound.kwargs, **extra}
    return (*bound.args, *extra.values()), bound.kwargs  # f(*xs) takes them in their order


def _guarded(script: Path, what: str, work: Callable[[], Any]) -> Any:
    """Returns what `work` does; an error of the script's own becomes one line that says where it was raised."""
    try:
        return work()
    except AutogradError:
        raise
    except (Exception, SystemExit) as error:
        line, trace = getattr(error, "lineno", None), error.__traceback__  # of a SyntaxError; else the innermost of it
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(script.absolute()):
                line = trace.tb_lineno
            trace = trace.tb_next
        place = f" at line {line}" if line else ""
        said = " ".join("; ".join([str(error), *getattr(error, "__notes__", ())]).split())
        raise InputError(f"{what} raised {type(error).__name__}{place}: {said:.400}".rstrip(": ")) from error
