"""What is built with wechatpy and Flask: verify, decrypt, keep (or not), answer with an encrypted text.

`STORE`: "" keeps nothing; "asis" one SQLAlchemy commit a message on SQLite as it comes; "wal" the same with
journal_mode=WAL and synchronous=FULL. Served by gunicorn with --preload.
"""

import os

from flask import Flask, abort, request
from sqlalchemy import String, Text, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from wechatpy.enterprise import create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.exceptions import InvalidSignatureException

CORP, TOKEN, AES_KEY = os.environ["CORP"], os.environ["TOKEN"], os.environ["AES_KEY"]
STORE = os.environ.get("STORE", "")

app = Flask(__name__)
crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)


class Base(DeclarativeBase):
    pass


class Kept(Base):
    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    msgid: Mapped[str] = mapped_column(String(64), unique=True)
    user: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)


engine = create_engine(f"sqlite:///{os.environ['DATA']}/messages.db") if STORE else None
if engine is not None:
    if STORE == "wal":

        @event.listens_for(engine, "connect")
        def _connected(connection, _record):
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.close()

    Base.metadata.create_all(engine)
    engine.dispose()  # nothing open may be shared with the workers


@app.post("/wecom/callback")
def callback():
    asked = request.args
    signature, timestamp, nonce = asked["msg_signature"], asked["timestamp"], asked["nonce"]
    try:
        xml = crypto.decrypt_message(request.data, signature, timestamp, nonce)
    except (InvalidSignatureException, InvalidCorpIdException):
        abort(403)
    message = parse_message(xml)
    if engine is not None:
        with Session(engine) as session:
            session.add(Kept(msgid=str(message.id), user=message.source, content=message.content))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()  # a repeat
    return crypto.encrypt_message(
        create_reply(f"收到：{message.content}", message).render(), nonce, timestamp
    )
