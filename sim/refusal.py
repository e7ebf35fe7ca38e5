"""What a pretend platform answers instead of doing what it was asked."""


class Refusal(Exception):
    """Answered with this errcode, as HTTP 200 or as the acknowledgement of a frame."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message = code, message
