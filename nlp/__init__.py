"""Chat text in, guesses out: pure functions, no I/O after warm-up."""

from nlp import charsets

charsets.remember()  # before any module here compiles an expression
