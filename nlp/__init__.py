"""Chat text in, guesses out: pure functions, no I/O after warm-up."""
