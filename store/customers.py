"""Customers and their contacts as rows. Whoever was deleted is not found."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, Select, bindparam, insert, or_, select, update

from rules.errors import Refused
from rules.leads import Contact, Customer, Lead
from store import name_keys
from store.db import Conflict, Tx
from store.statements import among, listed
from store.tables import contact as contacts
from store.tables import customer as customers

_ALIVE = customers.c.deleted_at.is_(None)
_HERE = contacts.c.deleted_at.is_(None)


def phone_key(phone: str) -> str:
    """A phone as the digits it is found by: no blanks, dashes or +86."""
    digits = "".join(char for char in phone if char in "0123456789")
    return digits[-11:] if len(digits) in (13, 15) and digits[-13:-10] == "861" else digits


# ── customers ──────────────────────────────────────────────────────────────────────────────────────────
async def add(
    tx: Tx, *, name: str, now: datetime, company: str = "", core: str = "", city: str = "", owner: str = "",
    created_by: str = "", level: str = "", credit_code: str = "",
) -> Customer:  # fmt: skip
    """Writes a new customer. `core`: the company without region and legal suffix (nlp/companies)."""
    new = Customer(
        id=0,
        name=name[:120],
        company=company[:120],
        core=core[:120],
        city=city[:40],
        level=level,
        owner=owner,
        credit_code=credit_code,
    )
    made = await tx.execute(
        insert(customers)
        .values(
            name=new.name, company=new.company, core=new.core, city=new.city, level=level, owner=owner,
            created_by=created_by, created_at=now, credit_code=credit_code,
        )
        .returning(customers.c.id)
    )  # fmt: skip
    new = replace(new, id=int(made.scalar_one()))
    await name_keys.keep(tx, new)
    return new


async def get(tx: Tx, id: int) -> Customer:
    """The customer; of one that became part of another, that other. Raises Refused when there is none."""
    found = await find(tx, id)
    if found is None:
        raise Refused("没有这个客户")
    return found


_FIND = select(customers).where(customers.c.id == bindparam("row"))


async def find(tx: Tx, id: int) -> Customer | None:
    """The customer; of one that became part of another (store/mergers.py), that other. None when there is none."""
    next_id: int | None = id
    while next_id is not None:
        row = (await tx.execute(_FIND, {"row": next_id})).one_or_none()
        if row is None or row.deleted_at is None:
            return _customer(row) if row else None
        next_id = row.merged_into
    return None


_SOME = {
    dialect: select(customers).where(among(dialect, customers.c.id, "ids", BigInteger), _ALIVE)
    for dialect in ("sqlite", "postgresql")
}


async def some(tx: Tx, ids: Sequence[int]) -> dict[int, Customer]:
    """These customers, without those that are not there any more."""
    if not ids:
        return {}
    rows = await tx.execute(_SOME[tx.dialect.name], {"ids": listed(tx, ids)})
    return {int(row.id): _customer(row) for row in rows}


async def save(tx: Tx, changed: Customer, now: datetime) -> Customer:
    """Writes the customer back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    done = await tx.execute(
        update(customers)
        .where(customers.c.id == changed.id, customers.c.version == changed.version)
        .values(
            name=changed.name, company=changed.company, core=changed.core, city=changed.city, level=changed.level,
            owner=changed.owner, updated_at=now, version=changed.version + 1, credit_code=changed.credit_code,
        )
    )  # fmt: skip
    if done.rowcount != 1:
        raise Conflict(f"customer {changed.id} is not at version {changed.version} any more")
    await name_keys.keep(tx, changed)
    return replace(changed, version=changed.version + 1)


async def remove(tx: Tx, id: int, now: datetime) -> None:
    """Takes a customer and its contacts out of sight (the rows stay)."""
    await tx.execute(update(customers).where(customers.c.id == id).values(deleted_at=now))
    await name_keys.drop(tx, id)
    await tx.execute(update(contacts).where(contacts.c.customer == id).values(deleted_at=now))


async def names(tx: Tx) -> list[tuple[str, int]]:
    """(label, customer id) of all customers, newest first."""
    query = select(customers.c.id, customers.c.company, customers.c.name).where(_ALIVE)
    query = query.order_by(customers.c.id.desc())
    return [(row.company or row.name, int(row.id)) for row in await tx.execute(query)]


async def names_of(tx: Tx, owners: Sequence[str]) -> list[tuple[str, int]]:
    """(company or name, id) and (contact's name, id) of these owners' customers ("": the pool), newest first."""
    query = (
        select(customers.c.id, customers.c.company, customers.c.name, contacts.c.name.label("person"))
        .outerjoin(contacts, (contacts.c.customer == customers.c.id) & _HERE)
        .where(customers.c.owner.in_(owners), _ALIVE)
        .order_by(customers.c.id.desc(), contacts.c.id)
    )
    found: dict[tuple[str, int], None] = {}
    for row in await tx.execute(query):
        found |= {(label, int(row.id)): None for label in (row.company, row.name, row.person) if label}
    return list(found)


_OF_OWNER = (
    select(customers).where(customers.c.owner == bindparam("whose"), _ALIVE).order_by(customers.c.id.desc())
)


async def of_owner(tx: Tx, owner: str) -> list[Customer]:
    """The member's customers, newest first."""
    return [_customer(row) for row in await tx.execute(_OF_OWNER, {"whose": owner})]


# ── contacts ───────────────────────────────────────────────────────────────────────────────────────────
async def add_contact(
    tx: Tx, customer: int, *, now: datetime, name: str = "", title: str = "", phone: str = "", email: str = "",
    wechat: str = "",
) -> Contact:  # fmt: skip
    """Writes a new contact of the customer."""
    new = Contact(
        id=0, customer=customer, name=name[:64], title=title[:64], phone=phone[:40], email=email[:120].lower(),
        wechat=wechat[:64],
    )  # fmt: skip
    made = await tx.execute(
        insert(contacts)
        .values(
            customer=customer, name=new.name, title=new.title, phone=new.phone, email=new.email, wechat=new.wechat,
            phone_key=tx.seals.mark(phone_key(new.phone)), email_key=tx.seals.mark(new.email), created_at=now,
        )
        .returning(contacts.c.id)
    )  # fmt: skip
    return replace(new, id=int(made.scalar_one()))


async def rename_contact(tx: Tx, id: int, name: str) -> None:
    """Gives a contact the name that was not known before."""
    await tx.execute(update(contacts).where(contacts.c.id == id).values(name=name[:64]))


async def fill_contact(tx: Tx, filled: Contact) -> None:
    """Writes a contact with what was not known of it before."""
    await tx.execute(
        update(contacts).where(contacts.c.id == filled.id).values(
            name=filled.name[:64], title=filled.title[:64], phone=filled.phone[:40], email=filled.email[:120].lower(),
            wechat=filled.wechat[:64], phone_key=tx.seals.mark(phone_key(filled.phone)),
            email_key=tx.seals.mark(filled.email[:120].lower()),
        )
    )  # fmt: skip


async def remove_contact(tx: Tx, id: int, now: datetime) -> None:
    """Takes a contact out of sight (the row stays)."""
    await tx.execute(update(contacts).where(contacts.c.id == id).values(deleted_at=now))


_CONTACT = select(contacts).where(contacts.c.id == bindparam("row"))
_CONTACTS = select(contacts).where(contacts.c.customer == bindparam("of"), _HERE).order_by(contacts.c.id)


async def contact(tx: Tx, id: int | None) -> Contact | None:
    """The contact, or None (also for None)."""
    if id is None:
        return None
    row = (await tx.execute(_CONTACT, {"row": id})).one_or_none()
    return _contact(row) if row else None


async def contacts_of(tx: Tx, customer: int) -> list[Contact]:
    """The customer's contacts, oldest first."""
    return [_contact(row) for row in await tx.execute(_CONTACTS, {"of": customer})]


async def by_phone(tx: Tx, phone: str) -> list[tuple[Customer, Contact]]:
    """Who has this phone number, however it is written; oldest customer first."""
    key = phone_key(phone)
    return await _known(tx, contacts.c.phone_key, key) if key else []


async def by_email(tx: Tx, email: str) -> list[tuple[Customer, Contact]]:
    """Who has this e-mail address; oldest customer first."""
    return await _known(tx, contacts.c.email_key, email.strip().lower()) if email.strip() else []


_BY_CODE = (
    select(customers).where(customers.c.credit_code == bindparam("code"), customers.c.credit_code != "", _ALIVE)
    .order_by(customers.c.id)
)  # fmt: skip


async def by_code(tx: Tx, code: str) -> list[Customer]:
    """Whose credit code this is (tidy); oldest customer first."""
    return [_customer(row) for row in await tx.execute(_BY_CODE, {"code": code})] if code else []


async def of_lead(tx: Tx, lead: Lead) -> tuple[Customer, Contact | None]:
    """The customer and contact that a lead is about. Raises Refused when the customer was deleted."""
    return await get(tx, lead.customer), await contact(tx, lead.contact)


@lru_cache
def _pairs(key: Column[str], many: int) -> Select[Any]:
    """Contact columns first (by their names), then the customer's under c_…; `key` is one of `many` values."""
    columns = [column.label(f"c_{column.name}") for column in customers.c]
    joined = select(contacts, *columns).join(customers, customers.c.id == contacts.c.customer)
    one_of = or_(*(key == bindparam(f"wanted_{at}") for at in range(many)))
    return joined.where(_ALIVE, _HERE, one_of).order_by(customers.c.id, contacts.c.id)


async def _known(tx: Tx, key: Column[str], wanted: str) -> list[tuple[Customer, Contact]]:
    marks, found = tx.seals.marks(wanted), []
    given = {f"wanted_{at}": mark for at, mark in enumerate(marks)}
    for row in await tx.execute(_pairs(key, len(marks)), given):
        whose = Customer(
            id=row.c_id, name=row.c_name, company=row.c_company, core=row.c_core, city=row.c_city,
            level=row.c_level, owner=row.c_owner, version=row.c_version, credit_code=row.c_credit_code,
        )  # fmt: skip
        found.append((whose, _contact(row)))
    return found


def _customer(row: Any) -> Customer:
    return Customer(
        id=row.id, name=row.name, company=row.company, core=row.core, city=row.city, level=row.level,
        owner=row.owner, version=row.version, credit_code=row.credit_code,
    )  # fmt: skip


def _contact(row: Any) -> Contact:
    return Contact(
        id=row.id, customer=row.customer, name=row.name, title=row.title, phone=row.phone, email=row.email,
        wechat=row.wechat,
    )  # fmt: skip
