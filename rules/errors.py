"""The one "no" of the business: a sentence that the person reads."""


class Refused(Exception):
    """A rule said no. `str(error)` is a Chinese sentence for the person who asked; nothing was changed.

    `step` names what would help instead (for example "checkin": show the open step's card).
    """

    def __init__(self, sentence: str, *, step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step


class Denied(Refused):
    """A "no" because the person has no right to it (product C.1): said like any other, and written into the audit
    trail. `about`: the id that was tried ("L-1024")."""

    def __init__(self, sentence: str, *, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


class PutAside(Exception):
    """An event from outside cannot be used as it is (its mapping does not fit): no use in trying again, so it becomes a
    dead letter at once, to be replayed when what is wrong was mended. `str(error)` says what, without customer data."""
