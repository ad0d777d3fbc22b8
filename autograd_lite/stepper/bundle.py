"""The stepper's browser side as one ES module and one style sheet, made of the files in `browser/`.

The sources are modules of their own, which tools and readers like; a notebook and an offline page want one text. They
are joined as they stand: imports and the word `export` go, so that no name may be declared in two files.

    >>> bundle().endswith("export default { render };")
    True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["bundle", "joined", "style"]

_SHEETS = (
    "stepper.css",
    "toolbar.css",
    "frame.css",
    "panels.css",
    "lists.css",
    "rooms.css",
    "picture.css",
    "paper.css",
)
_LAST = "export default { render };"
_IMPORT = re.compile(r'^(?:import|export) \{[^}\n]*\} from "\./([\w-]+\.js)";$', re.MULTILINE)
_DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let|var) ([\w$]+)", re.MULTILINE)
_TAKEN_APART = re.compile(r"^(?:export )?(?:const|let|var) [\[{]([^=\n]*)[\]}] =", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_BLANK = re.compile(r"\n{2,}")
_ODD = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


@cache
def bundle() -> str:
    """Returns the ES module, in the form that anywidget calls: `export default { render };`."""
    folder = files(__package__) / "browser"
    return joined({file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".js")})


@cache
def style() -> str:
    """Returns the style sheet; its rules are about `.autograd-lite` and what is inside."""
    folder = files(__package__) / "browser"
    return "\n".join(_bare((folder / name).read_text("utf-8")) for name in _SHEETS)


def joined(sources: Mapping[str, str], main: str = "stepper.js") -> str:
    r"""Returns modules as one: what is imported comes first; comments that have lines of their own are left out.

    Args:
        sources: text by file name. An import is on one line and relative, as in `import { a } from "./b.js";`.
        main: the file that is wanted; of the others, those that it imports, directly or not.
    Raises:
        ValueError: a missing file, imports in a circle, a name declared twice, an import or export of another form.
    Example:
        >>> a, b = "export const one = 1;", 'import { one } from "./a.js";\nconst two = one + one;'
        >>> print(joined({"a.js": a, "b.js": b}, "b.js"))
        const one = 1;
        const two = one + one;
        export default { render };
    """
    order: list[str] = []
    _visit(main, (), sources, order)
    owner: dict[str, str] = {}
    for name in order:
        for declared in _names(sources[name]):
            if owner.setdefault(declared, name) != name:
                raise ValueError(f"{declared!r} is declared in {owner[declared]} and in {name}; rename one of them")
    return "\n".join([*(_stripped(name, sources[name]) for name in order), _LAST])


def _visit(name: str, above: tuple[str, ...], sources: Mapping[str, str], order: list[str]) -> None:
    """Puts what a file imports into the order, then the file."""
    if name in above:
        raise ValueError(f"imports go in a circle: {' -> '.join((*above, name))}; move what both need to a third file")
    if name not in sources:
        raise ValueError(f"{above[-1] if above else 'the bundle'} needs {name}, which is not there")
    if name not in order:
        for needed in _IMPORT.findall(sources[name]):
            _visit(needed, (*above, name), sources, order)
        order.append(name)


def _names(source: str) -> list[str]:
    """Returns what a source declares at its top level, where nothing is indented."""
    apart = (re.split(r"\s*,\s*", names.strip()) for names in _TAKEN_APART.findall(source))
    return [*_DECLARED.findall(source), *(name.partition(":")[2].strip() or name for part in apart for name in part)]


def _stripped(name: str, source: str) -> str:
    text = _IMPORT.sub("", source).replace(_LAST, "")
    text = re.sub(r"^export (?=(?:async )?(?:function|class|const|let)\b)", "", text, flags=re.MULTILINE)
    if odd := _ODD.search(_bare(text)):
        raise ValueError(f'{name}: {odd[0]!r:.80} is not of the form import {{ a }} from "./b.js"; on one line')
    if spread := next((line for line in text.splitlines() if line.count("`") % 2), ""):
        raise ValueError(
            f"{name}: a text in backticks goes over several lines: {spread.strip()!r:.80}; end it on its line"
        )
    return _bare(text)


def _bare(text: str) -> str:
    """Leaves out comments on lines of their own, empty lines, and what lines are indented by."""
    return _BLANK.sub("\n", _INDENT.sub("", _COMMENT.sub("", text))).strip()
