"""A firm with a busy week behind it, for looking at the pages: leads of every state, made in the tables at once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from store.db import Database
from store.tables import contact, customer, fact, followup, lead

ZONE = ZoneInfo("Asia/Shanghai")
FIRMS = (
    "宁波恒达汽配", "苏州启明自动化设备", "无锡华泰机械", "绍兴永固阀门", "台州精锐模具", "常州博瑞液压", "杭州联创机电",
    "温州鑫达泵业",
    "昆山德力精工", "嘉兴海纳电子", "南通江海重工", "合肥科大智能装备",
)  # fmt: skip
NEEDS = (
    "液压阀块，月 300 件，图纸已有", "阀岛配套油路块 80 件，月底前打样", "现货密封圈一批，要含税到厂价",
    "图纸定制泵体，先做两件样品",
    "询价：不锈钢接头 M20×1.5，年用量 12000", "想看失效案例，评估替代现有供应商",
)  # fmt: skip
PEOPLE = ("陈立", "周海燕", "赵强", "王志远", "孙丽", "吴建国")
STATUSES = ("new", "new", "contacted", "intent", "quoting", "sample", "tech_confirm")


async def fill(db: Database, now: datetime, n: int, owners: tuple[str, ...] = ("wanglei", "liqian")) -> None:
    """`n` open leads over the last days, some untouched, some late, some in the pool."""
    made: dict[str, list[dict[str, object]]] = {
        "customer": [],
        "contact": [],
        "lead": [],
        "fact": [],
        "followup": [],
    }
    for i in range(n):
        came = now - timedelta(hours=(i * 7) % 160 + 1, minutes=i % 53)
        owner = "" if i % 11 == 7 else owners[i % len(owners)]
        status = "new" if not owner else STATUSES[i % len(STATUSES)]
        touched = None if status == "new" else came + timedelta(minutes=12 + (i * 37) % 190)
        last = touched + timedelta(hours=(i * 5) % 30) if touched else None
        last = min(last, now - timedelta(minutes=5)) if last else None
        named = f"{FIRMS[i % len(FIRMS)]}{'' if i < len(FIRMS) else i}有限公司"
        id = 2001 + i
        made["customer"].append({"id": id, "name": named, "company": named, "core": named, "city": "宁波", "owner": owner,
                                 "created_at": came})  # fmt: skip
        made["contact"].append({"id": id, "customer": id, "name": PEOPLE[i % len(PEOPLE)], "phone": f"139{i:08d}",
                                "phone_key": f"139{i:08d}", "created_at": came})  # fmt: skip
        made["lead"].append({
            "id": id, "customer": id, "contact": id, "owner": owner, "source": "官网询盘", "need": NEEDS[i % len(NEEDS)],
            "status": status, "created_at": came, "assigned_at": came if owner else None, "first_touch_at": touched,
            "last_followup_at": last, "next_text": "发报价单" if last else "",
            "next_at": now + timedelta(hours=(i * 13) % 90 - 20) if last else None,
        })  # fmt: skip
        names = [
            "lead.created",
            *(["lead.assigned"] if owner else []),
            *(["lead.first_touch"] if touched else []),
        ]
        made["fact"] += [{"lead": id, "name": name, "at": came if name != "lead.first_touch" else touched,
                          "payload": f'{{"owner": "{owner}", "source": "官网询盘"}}'} for name in names]  # fmt: skip
        if last:
            made["fact"].append({"lead": id, "name": "followup.recorded", "at": last, "payload": "{}"})
            if status in ("intent", "quoting", "sample", "tech_confirm"):
                made["fact"].append({"lead": id, "name": "status.intent", "at": last, "payload": "{}"})
            if status == "tech_confirm":
                made["fact"].append({"lead": id, "name": "status.tech_confirm", "at": last, "payload": "{}"})
            made["followup"].append({
                "lead": id, "customer": id, "member": owner, "channel": "电话", "conclusion": "等待报价", "need": "",
                "next_text": "发报价单", "started_at": last, "recorded_at": last, "before": "",
            })  # fmt: skip
    tables = {"customer": customer, "contact": contact, "lead": lead, "fact": fact, "followup": followup}
    for name, rows in made.items():
        for at in range(0, len(rows), 500):
            async with db.write() as tx:
                await tx.execute(sa.insert(tables[name]), rows[at : at + 500])


NOW = datetime(2026, 11, 26, 15, 20, tzinfo=ZONE).astimezone(UTC)
