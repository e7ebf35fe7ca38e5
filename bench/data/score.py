#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# ruff: noqa
# fmt: off
"""Score an extractor on a JSONL evaluation set.

  score.py --data heldout/heldout.jsonl --call package.module:function
  score.py --data public/public.jsonl --cmd "python my_cli.py"      (JSON lines {id,text,now} in, JSON lines out)
  options: --fields names,phones  --by source|kind  --runs 5  --speed-n 0  --errors names:20  --json out.json

The function is called as f(text, now) with now a naive datetime (Asia/Shanghai wall clock) and returns a dict:
  names, companies, titles, cities, emails, wechats: list[str]    phones: list[str], '0755-26881234-801' keeps the extension
  times: list[{"text": str, "start": ISO str or datetime}]         money: list[float] in yuan
  noise: bool     turns: list[{"speaker","text"}]     commitments: list[str]
A field that the extractor never returns is shown as '-'.  Only the fields an item lists under "score" count for it.
Rules: a gold value may be a list of accepted variants.  A prediction that equals, or lies inside, a value under
"optional" is neither right nor wrong.  phones: country code and punctuation dropped, base number compared
('phones_ext' also wants the extension).  companies/titles: exact, and '~' relaxed (one holds the other with >=60% of
its length, or difflib ratio >=0.8).  times: the prediction must overlap the gold words ('times_detect') and resolve to
an accepted start: to the day (month or year for '三年后'), to the minute, or, for a bare day part, to that date within its hours.
"""
import argparse, json, re, sys, time, unicodedata, datetime as dt, importlib, statistics, subprocess, difflib, os
LISTF = ["names", "companies", "titles", "phones", "emails", "wechats", "cities", "times", "money", "turns", "commitments"]
WINDOWS = [("凌晨|今晨", 0, 7), ("清晨|早|上午|晨", 4, 12), ("中午|正午|午间", 11, 15), ("下午|午后", 12, 19), ("傍晚", 16, 21), ("晚|夜", 16, 24)]

def nz(s): return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(s)))
def n_name(s): return nz(s).lower().strip("·.,，。:：()（）@")
def n_city(s): return re.sub(r"(市|地区|自治州|盟|省|特别行政区)$", "", nz(s))
def n_mail(s): return nz(s).lower()
def n_comp(s): return nz(s).replace("（", "(").replace("）", ")")
CND = {**{c: str(i) for i, c in enumerate("零一二三四五六七八九")}, "〇": "0", "幺": "1"}
def n_phone(s, keep_ext=False):
    s = unicodedata.normalize("NFKC", str(s)).replace("—", "-").replace("–", "-").strip()
    s = "".join(CND.get(c, c) for c in s); ext = ""
    m = re.search(r"\s*(?:转|分机号?|ext\.?|[x#])\s*[:.]?\s*(\d{1,6})\s*$", s, re.I)
    if m: ext, s = m.group(1), s[:m.start()]
    if re.match(r"\(?(?:\+|00)\s*86", s) or re.match(r"86[-\s)]", s) or (re.match(r"86", s) and len(re.sub(r"\D", "", s)) >= 12): s = re.sub(r"^\(?(?:\+|00)?\s*86\)?[-\s]*", "", s)
    if not ext:
        m = re.fullmatch(r"(\(?0?\d{2,3}\)?[-\s]?\d{3,4}[-\s]?\d{4}|[48]00[-\s]?\d{3,4}[-\s]?\d{3,4})-(\d{1,5})", s)
        if m: s, ext = m.groups()
    d = re.sub(r"\D", "", s)
    if re.fullmatch(r"(10|2\d)[2-8]\d{7}|[3-9]\d{2}[2-8]\d{6,7}", d) and not d.startswith(("400", "800")) and len(d) in (10, 11): d = "0" + d
    return d + ("-" + ext if keep_ext and ext else "")
NORM = {"names": n_name, "companies": n_comp, "titles": nz, "cities": n_city, "emails": n_mail, "wechats": n_mail, "phones": n_phone}

def variants(g, f):
    vs = g if isinstance(g, list) else [g]
    return [NORM.get(f, nz)(v) for v in vs]
def relaxed(p, g):
    if p == g: return True
    if len(p) >= 2 and (p in g or g in p): return min(len(p), len(g)) / max(len(p), len(g)) >= .6
    return difflib.SequenceMatcher(None, p, g).ratio() >= .8
def match_list(f, pred, gold, opt, same):
    pred = list(dict.fromkeys(NORM.get(f, nz)(p) for p in pred if str(p).strip()))
    golds, seen = [], set()
    for g in gold:
        v = variants(g, f)
        if v[0] not in seen: seen.add(v[0]); golds.append(v)
    opt = [NORM.get(f, nz)(o) for o in opt]; tp, used, fpv = 0, set(), []
    for p in pred:
        hit = next((i for i, v in enumerate(golds) if i not in used and any(same(p, x) for x in v)), None)
        if hit is not None: used.add(hit); tp += 1
        elif any(p == o or p in o or (len(o) >= 4 and o in p) for o in opt): pass
        elif any(p == x for i, v in enumerate(golds) for x in v): pass
        else: fpv.append(p)
    return tp, len(fpv), len(golds) - len(used), fpv, [v[0] for i, v in enumerate(golds) if i not in used]

def overlap(a, b):
    a, b = nz(a), nz(b)
    if not a or not b: return False
    if a in b or b in a: return True
    m = difflib.SequenceMatcher(None, a, b).find_longest_match(0, len(a), 0, len(b))
    return m.size >= max(2, .5 * min(len(a), len(b)))
def as_dt(v):
    if v is None: return None
    if isinstance(v, dt.datetime): return v.replace(tzinfo=None)
    if isinstance(v, dt.date): return dt.datetime.combine(v, dt.time())
    try: return dt.datetime.fromisoformat(str(v).replace("Z", "")[:26]).replace(tzinfo=None)
    except ValueError: return None
def time_ok(p, gold):
    s = as_dt(p.get("start"))
    if s is None: return False
    for g in gold["start"]:
        g = as_dt(g); gr = gold["grain"]
        if gr == "day" and s.date() == g.date(): return True
        if gr == "month" and (s.year, s.month) == (g.year, g.month): return True
        if gr == "year" and s.year == g.year: return True
        if gr == "minute" and abs((s - g).total_seconds()) < 60: return True
        if gr == "daypart" and s.date() == g.date():
            if (s.hour, s.minute) == (0, 0): return True
            w = [(a, b) for k, a, b in WINDOWS if re.search(k, gold["text"])]
            if not w or any(a <= s.hour < b for a, b in w): return True
    return False
def match_times(pred, gold, opt):
    pred = [p for p in pred if isinstance(p, dict) and p.get("text")]; used, dused = {}, set(); tp = det = fp = 0; bad = []
    for p in pred:
        c = [i for i, g in enumerate(gold) if overlap(p["text"], g["text"])]
        d = [i for i in c if i not in dused]
        if d: dused.add(d[0]); det += 1
        ok = [i for i in c if i not in used and time_ok(p, gold[i])]
        if ok: used[ok[0]] = 1; tp += 1
        elif any(overlap(p["text"], o) for o in opt): pass
        elif any(i in used for i in c): pass                        # a second piece of an answered gold (e.g. range end)
        else: fp += 1; bad.append((p["text"], str(p.get("start"))))
    dfp = sum(1 for p in pred if not any(overlap(p["text"], g["text"]) for g in gold) and not any(overlap(p["text"], o) for o in opt))
    return (tp, fp, len(gold) - len(used), bad, [(g["text"], g["start"][:2]) for i, g in enumerate(gold) if i not in used]), (det, dfp, len(gold) - len(dused), [], [])

def score_item(x, r):
    out = {}; opt = x.get("optional", {})
    for f in x["score"]:
        gold, pred = x["expected"].get(f), r.get(f)
        if f == "noise":
            if pred is None: continue
            out[f] = (int(pred and gold), int(bool(pred) and not gold), int(bool(gold) and not pred), [x["text"][:40]] if pred and not gold else [], [x["text"][:40]] if gold and not pred else [])
            continue
        if pred is None: pred = []
        gold = gold or []
        if f == "times": out["times"], out["times_detect"] = match_times(pred, gold, opt.get(f, []))
        elif f == "money":
            pv, gv = sorted({round(float(v), 2) for v in pred}), gold; used = set(); fp = []
            for p_ in pv:
                h = next((i for i, g in enumerate(gv) if i not in used and any(abs(p_ - float(z)) < .01 for z in (g if isinstance(g, list) else [g]))), None)
                if h is None: (fp.append(p_) if not any(p_ == float(z) for g in gv if isinstance(g, list) for z in g) else None)
                else: used.add(h)
            out[f] = (len(used), len(fp), len(gv) - len(used), fp, [g for i, g in enumerate(gv) if i not in used])
        elif f == "turns":
            P = [(nz(t["speaker"]), nz(t["text"])) for t in pred]; G = [(nz(t["speaker"]), nz(t["text"])) for t in gold]; rest = list(G); tp = 0; fp = []
            for t in P:
                if t in rest: rest.remove(t); tp += 1
                else: fp.append(t)
            out[f] = (tp, len(fp), len(rest), fp, rest)
        elif f == "commitments":
            rest = list(gold); tp = 0; fp = []
            for p_ in pred:
                h = next((g for g in rest if difflib.SequenceMatcher(None, nz(p_), nz(g)).ratio() >= .6 or nz(g) in nz(p_)), None)
                if h is None: fp.append(p_)
                else: rest.remove(h); tp += 1
            out[f] = (tp, len(fp), len(rest), fp, rest)
        else:
            out[f] = match_list(f, pred, gold, opt.get(f, []), lambda a, b: a == b)
            if f in ("companies", "titles"): out[f + "~"] = match_list(f, pred, gold, opt.get(f, []), relaxed)
            if f == "phones" and any(re.search(r"\d{7,8}-\d{1,5}$|8820-2", str(v)) for g in gold for v in (g if isinstance(g, list) else [g])):
                same = match_list("_x", [n_phone(q, True) for q in pred], [[n_phone(v, True) for v in (g if isinstance(g, list) else [g])] for g in gold], [], lambda a, b: a == b)
                out["phones_ext"] = same
    return out

def load(path): return [json.loads(l) for l in open(path, encoding="utf-8") if l.strip()]
def get_callable(spec):
    m, _, f = spec.partition(":"); sys.path.insert(0, os.getcwd()); return getattr(importlib.import_module(m), f or "extract")
def run_cmd(cmd, items):
    inp = "".join(json.dumps({"id": x["id"], "text": x["text"], "now": x["now"]}, ensure_ascii=False) + "\n" for x in items)
    t = time.perf_counter(); o = subprocess.run(cmd, shell=True, input=inp, capture_output=True, text=True, encoding="utf-8"); el = time.perf_counter() - t
    if o.returncode: sys.exit(o.stderr[-2000:])
    return [json.loads(l) for l in o.stdout.splitlines() if l.strip()], el
def prf(tp, fp, fn):
    p = tp / (tp + fp) if tp + fp else 0.0; r = tp / (tp + fn) if tp + fn else 0.0
    return p, r, 2 * p * r / (p + r) if p + r else 0.0

def main():
    a = argparse.ArgumentParser(); a.add_argument("--data", required=True, nargs="+"); a.add_argument("--call"); a.add_argument("--cmd"); a.add_argument("--fields"); a.add_argument("--by"); a.add_argument("--runs", type=int, default=5)
    a.add_argument("--speed-n", type=int, default=0); a.add_argument("--errors"); a.add_argument("--json"); a.add_argument("--name"); a.add_argument("--max-s", type=float, default=120)
    a = a.parse_args(); items = [x for d in a.data for x in load(d)]
    if a.fields:
        want = set(a.fields.split(",")); items = [dict(x, score=[f for f in x["score"] if f in want]) for x in items]; items = [x for x in items if x["score"]]
    nows = [dt.datetime.fromisoformat(x["now"]) for x in items]; speed = None; errs = 0
    if a.cmd:
        res, el = run_cmd(a.cmd, items); speed = {"us_min": el / len(items) * 1e6, "us_median": el / len(items) * 1e6, "runs": 1, "n": len(items), "note": "command, with its start"}
    else:
        t0 = time.perf_counter(); f = get_callable(a.call); f(items[0]["text"], nows[0]); first = time.perf_counter() - t0
        res = []
        for x, n in zip(items, nows):
            try: res.append(f(x["text"], n) or {})
            except Exception as e:
                errs += 1; res.append({})
                if errs <= 2: print("error on", x["id"], repr(e)[:160], file=sys.stderr)
        pairs = list(zip([x["text"] for x in items], nows)); pairs = pairs[:: max(1, len(pairs) // a.speed_n)] if a.speed_n else pairs; ts = []; T0 = time.perf_counter()
        for _ in range(a.runs):
            t = time.perf_counter()
            for tx, n in pairs:
                try: f(tx, n)
                except Exception: pass
            ts.append((time.perf_counter() - t) / len(pairs) * 1e6)
            if time.perf_counter() - T0 > a.max_s: break
        speed = {"us_min": min(ts), "us_median": statistics.median(ts), "runs": len(ts), "n": len(pairs), "import_and_first_call_s": first}
    has = set().union(*[set(r) for r in res]) if res else set(); agg, groups, E = {}, {}, {}
    for x, r in zip(items, res):
        for f, v in score_item(x, r).items():
            base = f.rstrip("~").replace("_detect", "").replace("_ext", "")
            if base not in has: continue
            for D, k in ((agg, f), (groups, (x.get(a.by or "source"), f))):
                c = D.setdefault(k, [0, 0, 0]); c[0] += v[0]; c[1] += v[1]; c[2] += v[2]
            if v[3] or v[4]: E.setdefault(f, []).append((x["text"][:90], "FP", v[3], "FN", v[4]))
    print(f"# {a.name or a.call or a.cmd}   items {len(items)}  exceptions {errs}")
    print(f"speed: {speed['us_min']:.0f} us/message min, {speed['us_median']:.0f} median of {speed['runs']} runs x {speed['n']} messages = {1e6/speed['us_min']:.0f} msg/s" + (f"; import+first call {speed['import_and_first_call_s']:.2f} s" if 'import_and_first_call_s' in speed else ""))
    print(f"{'field':14s} {'P':>6s} {'R':>6s} {'F1':>6s}   {'tp':>5s} {'fp':>5s} {'fn':>5s}")
    table = {}
    for f in sorted(agg):
        tp, fp, fn = agg[f]; p, r, q = prf(tp, fp, fn); table[f] = dict(p=p, r=r, f1=q, tp=tp, fp=fp, fn=fn); print(f"{f:14s} {p:6.3f} {r:6.3f} {q:6.3f}   {tp:5d} {fp:5d} {fn:5d}")
    if a.by:
        print()
        for (g, f), (tp, fp, fn) in sorted(groups.items(), key=str):
            p, r, q = prf(tp, fp, fn); print(f"{str(g)[:52]:52s} {f:13s} P {p:.3f} R {r:.3f} F1 {q:.3f}  ({tp}/{fp}/{fn})")
    if a.errors:
        f, _, n = a.errors.partition(":"); print()
        for e in E.get(f, [])[: int(n or 20)]: print(*e)
    if a.json:
        json.dump({"name": a.name or a.call or a.cmd, "speed": speed, "errors": errs, "fields": table, "by": {f"{g}|{f}": dict(zip(("tp", "fp", "fn"), c)) for (g, f), c in groups.items()}}, open(a.json, "w"), ensure_ascii=False, indent=1)
if __name__ == "__main__": main()
