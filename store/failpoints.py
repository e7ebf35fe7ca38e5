"""Places at which a test may kill the process: after what lies before each, and before what lies after it.

Nothing is done here in normal operation: `reach` looks at one module variable. `GENJIN_FAIL_AT=outbox.sent` kills the
process by SIGKILL when it comes by, `GENJIN_FAIL_AT=outbox.sent:3` when it comes by for the third time. `serve` refuses
that beside a real platform (bot/rehearsal.py). tests/crash/test_points.py kills at every one of them, so a place that is
added here and reached in the code is tested without more ado.
"""

import os
import signal
from enum import StrEnum

SWITCH = "GENJIN_FAIL_AT"


class At(StrEnum):
    """Every place by name."""

    START_SYNCED = "start.synced"  # team, marks and leases are written, not committed
    START_COMMITTED = "start.committed"  # … and nothing runs yet
    START_RUNNING = "start.running"  # the loops run, no platform is connected
    BEAT = "replica.beat"  # the sign of life is written, not committed (PostgreSQL)
    INTAKE_TOLD = "intake.told"  # an event is here, in memory only
    INTAKE_STORED = "intake.stored"  # … is written, not committed
    INTAKE_COMMITTED = "intake.committed"  # … is stored, and the platform does not know it yet
    LANES_CLAIMED = "lanes.claimed"  # lanes are ours, not committed
    LANES_TAKEN = "lanes.taken"  # … committed, and nobody works them yet
    LANE_RENEWED = "lane.renewed"  # the lease of a lane in hand is renewed, not committed
    LANE_RESTS = "lane.rests"  # a lane is about to be given back with something in it
    LANE_GIVEN_BACK = "lane.given_back"  # … was given back
    WORK_BEGUN = "work.begun"  # the transaction of an event is open
    WORK_HANDLED = "work.handled"  # the handler is through, the lane not checked
    WORK_ENDING = "work.ending"  # what only read and answered is about to be ended together (PostgreSQL)
    WORK_FENCED = "work.fenced"  # all is written, but for what waits for the commit
    WORK_COMMITTED = "work.committed"  # … committed, and no bell was rung
    TX_FINISHED = "tx.finished"  # the lanes of what was queued are raised, not committed
    TIMERS_FIRED = "timers.fired"  # due timers became events, not committed
    TIMERS_COMMITTED = "timers.committed"  # … committed, and no bell was rung
    OUTBOX_PICKED = "outbox.picked"  # it is known where a send goes
    OUTBOX_NOTED = "outbox.noted"  # that a send is tried is noted (WeCom's updates), not committed
    OUTBOX_LEAVING = "outbox.leaving"  # the platform is asked next
    OUTBOX_SENT = "outbox.sent"  # the platform took it, the ledger does not know
    OUTBOX_ENTERED = "outbox.entered"  # … the ledger's row is written, not committed
    OUTBOX_RECORDED = "outbox.recorded"  # … committed
    OUTBOX_FAILED = "outbox.failed"  # a failure is written down, not committed
    OUTBOX_CLOSED = "outbox.closed"  # a send that is not needed is closed, not committed
    OUTBOX_HELD = "outbox.held"  # somebody gets too much: the send waits
    OUTBOX_FOLDED = "outbox.folded"  # … what waits became a digest, not committed
    COUNTERS_WRITTEN = "counters.written"  # what was used this month is written, not committed
    MIGRATE_COPIED = "migrate.copied"  # the copy of a SQLite file is made, nothing migrated
    MIGRATE_DONE = "migrate.done"  # the schema is new, not committed
    KEYS_ENTERED = "keys.entered"  # that both keys are in use now is written, not committed
    KEYS_SEALED = "keys.sealed"  # some rows are sealed with the new key, not committed
    KEYS_STEP = "keys.step"  # … committed, the next are not
    KEYS_LEFT = "keys.left"  # that the old key is not needed any more is written, not committed
    KEYS_DONE = "keys.done"  # … committed
    STOP_ASKED = "stop.asked"  # an orderly stop begins
    STOP_WORKED = "stop.worked"  # … the rows in hand are finished
    STOP_CLOSED = "stop.closed"  # … the platforms are disconnected


_armed: At | None = None
_left = 0


def arm(said: str) -> None:
    """Takes the value of GENJIN_FAIL_AT ("" for none). Raises ValueError for a place that there is not."""
    global _armed, _left
    name, _, times = said.partition(":")
    _armed, _left = (At(name), int(times or 1)) if name else (None, 0)


def reach(at: At) -> None:
    """The process is at this place."""
    if _armed is at:
        _come(at)


def _come(at: At) -> None:
    global _left
    _left -= 1
    if _left <= 0:
        os.write(2, f"killed at {at}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
