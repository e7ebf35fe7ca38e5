"""Starts `main.py serve` again and again: modules are imported once, every start is a forked process of its own.

Nothing of the product runs in here; it only spares a campaign of many kills the imports. Each line on standard input, a
JSON object of environment variables for this one start, starts one process, whose number is printed; the process ends
like any other and can be killed like any other.

    python tests/crash/forker.py CONFIG LOG
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module

LATE = ("web.app", "web.dev", "openpyxl", "uvloop", "store.sqlite", "store.postgres", "store.redis", "bot.wecom.platform",
        "bot.dingtalk.platform", "bot.wecom_aibot.platform")  # fmt: skip
"""What the product imports after its start."""


def main(config: str, log: str) -> None:
    """Until standard input ends."""
    import main as product
    from handlers import ROUTERS

    for late in LATE:
        import_module(late)

    assert ROUTERS
    product.warm(("work",))  # two thirds of what a short life would compute
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once, not a zombie
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        pid = os.fork()
        if pid:
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(out, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(json.loads(line))
        if how := os.environ.get("GENJIN_TEST_POISON"):
            import_module("tests.crash.poison").arm(how)
        os._exit(product.main(["serve", "--config", config]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
