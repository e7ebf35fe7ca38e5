"""From a frame to its acknowledgement: stored first, acknowledged after (protocol 1.3)."""

import structlog

from bot.dingtalk import frames, inbound
from bot.dingtalk.frames import Frame
from bot.dingtalk.link import Answer
from bot.events import Incoming
from bot.logs import Unstored
from bot.platform import Intake, Meter, Now

log = structlog.get_logger(__name__)


def receiver(intake: Intake, now: Now, meter: Meter) -> Answer:
    """The function that answers frames: its acknowledgement says that `intake` has committed.

    When it has not, robot messages and card clicks stay unacknowledged, events ask to come again (LATER).
    """
    lost = Unstored()

    async def answer(frame: Frame) -> str | None:
        try:
            found = inbound.events(frame, now())
        except Exception:  # a frame that breaks the reading would come for ever; it is in the log instead
            log.exception(
                "dingtalk.frame.broken", topic=frame.topic, message_id=frame.id, event_id=frame.event_id
            )
            return frames.ack(frame, {}, frames.BROKEN, "internal error")
        if found is None:
            log.info("dingtalk.frame.unknown", type=frame.type[:40], topic=frame.topic[:80])
            return frames.ack(frame, {}, frames.NOT_FOUND, "not found") if frame.id else None
        if not (frame.type == frames.EVENT and frame.event_type in inbound.FREE_EVENTS):
            meter("push", 1)
        stored = await _store(found) if found else True
        if frame.type == frames.EVENT:
            status = "SUCCESS" if stored else "LATER"
            return frames.ack(frame, {"status": status, "message": "ok" if stored else "not stored yet"})
        robot = frame.topic == inbound.ROBOT_TOPIC
        return frames.ack(frame, {"response": None if robot else {}}) if stored else None

    async def _store(found: tuple[Incoming, ...]) -> bool:
        try:
            await intake(found)
        except Exception as error:
            lost.tell(log, "dingtalk.intake.failed", error, found[0].dedup)
            return False
        return True

    return answer
