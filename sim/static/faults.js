// The fault panel: break a platform or the bot, and see beside it what the bot believes and what really arrived.
import { NAMES, clockSeconds, get, h, post, toast, tried } from "./dom.js";

const WAYS = { card: "卡片", text: "文字", update: "改卡片", file: "文件", todo: "待办", todo_done: "勾待办", ask: "问平台" };
const LEDGER = {
  queued: ["排队", "wait"], throttled: ["限速等待", "wait"], sent: ["已发，等答复", "wait"], accepted: ["平台已收", "good"], acted: ["有人点了", "good"],
  refused: ["被拒绝", "bad"], expired: ["放弃了", "bad"], unknown: ["可能到了", "bad"], folded: ["并入后一条", "calm"], skipped: ["平台没有", "calm"],
};
const EVERY = 1000;

export class Faults {
  constructor(panel) {
    this.panel = panel;
    this.standing = {};
    this.buttons = new Map(); // "wecom/drop" → its button
    this.bot = h("p", { class: "bot-line", role: "status" });
    this.groups = h("div", { class: "trouble" });
    this.choice = h("div", { class: "choice", role: "group", "aria-label": "哪个平台的故障" });
    this.about = h("p", { class: "hint", id: "about", role: "status" }, "弄坏点什么，再去手机上照常用，看台账。「下一…」只坏一次，其余的坏到你再点一下。");
    this.rows = h("tbody");
    this.note = h("p", { class: "hint" }, "");
    this.kills = [
      this.kill("kill -9", "进程立刻没了，演示马上再启动它", "kill"),
      this.kill("杀掉，先停着", "看看机器人不在的时候，发出去的话怎么样", "kill_and_stay"),
    ];
    this.start = h("button", { type: "button", class: "chip", hidden: true, onclick: () => this.tell("start") }, "启动机器人");
    panel.append(
      h("div", { class: "kills" }, h("h3", {}, "机器人"), this.bot, ...this.kills, this.start),
      this.choice, this.groups,
      h("div", { class: "kills" }, this.about, h("button", { type: "button", class: "chip", onclick: () => this.mend() }, "全部恢复")),
      h("h3", { title: "台账是机器人记的（GET /dev/ledger），「手机上」是模拟平台自己知道的" }, "投递台账：机器人以为的，和手机上真的有的"),
      this.note,
      h("div", { class: "ledger" }, h("table", {},
        h("thead", {}, h("tr", {}, ["时间", "给谁", "内容", "台账", "手机上"].map((name) => h("th", { scope: "col" }, name)))), this.rows)));
    setInterval(() => this.panel.offsetParent && this.refresh(), EVERY);
  }

  async begin() {
    const told = await get("/api/faults");
    this.groups.replaceChildren(...told.panel.map((group) => h("section", { "data-platform": group.platform, "aria-label": NAMES[group.platform] },
      h("div", { class: "switches" }, group.troubles.map((trouble) => this.control(group.platform, trouble))))));
    this.choice.replaceChildren(...told.panel.map((group) => h("button", { type: "button", "data-of": group.platform, onclick: () => this.choose(group.platform) },
      NAMES[group.platform], h("b", { class: "badge", hidden: true }))));
    this.choose(told.panel[0].platform);
    this.show(told.standing);
  }

  choose(platform) {
    for (const button of this.choice.children) button.setAttribute("aria-pressed", String(button.dataset.of === platform));
    for (const group of this.groups.children) group.hidden = group.dataset.platform !== platform;
  }

  control(platform, trouble) {
    const button = h("button", {
      type: "button", class: "switch", title: trouble.about,
      onclick: () => this.change(platform, trouble),
      onfocus: () => this.explain(platform, trouble), onmouseenter: () => this.explain(platform, trouble),
    }, trouble.label, h("b", { class: "count", hidden: true }));
    button.dataset.trouble = trouble.id;
    this.buttons.set(`${platform}/${trouble.id}`, { button, kind: trouble.kind });
    return button;
  }

  explain(platform, trouble) {
    this.about.textContent = `${NAMES[platform] || platform}「${trouble.label}」：${trouble.about}。`;
  }

  async change(platform, trouble) {
    const standing = (this.standing[platform] || {})[trouble.id] || 0;
    const on = trouble.kind !== "while" || !standing;
    const done = await tried(post("/api/faults", { platform, id: trouble.id, on }));
    if (!done) return; // what stands now comes over the feed: an answer could be older than what came there
    if (trouble.kind === "now") toast(`${NAMES[platform]}：${trouble.label}`);
  }

  async mend() {
    await tried(post("/api/faults", { mend: "all" }));
    this.tell("start");
  }

  // What is broken now: { platform: { id: how often still } }.
  show(standing) {
    this.standing = standing;
    let broken = 0;
    for (const [name, { button, kind }] of this.buttons) {
      const [platform, id] = name.split("/");
      const left = (standing[platform] || {})[id] || 0;
      broken += left ? 1 : 0;
      button.setAttribute("aria-pressed", String(left > 0));
      const count = button.querySelector(".count");
      count.hidden = left === 0;
      count.textContent = kind === "while" ? "坏着" : `还有 ${left} 次`;
    }
    mark(document.querySelector("#tab-faults .badge"), broken);
    for (const button of this.choice.children) mark(button.querySelector(".badge"), Object.keys(standing[button.dataset.of] || {}).length);
  }

  kill(label, about, what) {
    return h("button", { type: "button", class: "chip danger", title: about, onclick: () => this.tell(what) }, label);
  }

  async tell(what) {
    const done = await tried(post("/api/bot", { do: what }));
    if (done && done.pid) toast(`已对进程 ${done.pid} 发出 kill -9`, "bad");
  }

  showBot(told) {
    this.bot.textContent = told.gone ? "演示台断开了" : told.held ? "被杀了，还没有启动" : told.up ? told.pid ? `进程 ${told.pid}` : "在线" : "不在，正在启动…";
    this.bot.className = `bot-line ${told.up ? "up" : "down"}`;
    this.start.hidden = !told.held;
    for (const button of this.kills) button.disabled = !told.up || !told.pid;
  }

  async refresh() {
    const told = await get("/api/ledger").catch((error) => ({ why: error.message }));
    this.note.textContent = told.why ? `${told.why}。下面是最后一次看到的。` : told.rows.length ? "" : "还没有发出过消息。";
    if (!told.why) this.rows.replaceChildren(...told.rows.map(row));
  }
}

function mark(badge, count) {
  badge.hidden = count === 0;
  badge.textContent = String(count);
}

function row(one) {
  const [word, mood] = LEDGER[one.ledger] || [one.ledger, "calm"];
  const why = [one.attempts > 1 ? `试了 ${one.attempts} 次` : "", one.error].filter(Boolean).join("；");
  const there = one.on_phone === null || one.on_phone === undefined ? h("td", { class: "calm" }, "–")
    : h("td", { class: one.on_phone ? "good" : "bad" }, one.on_phone ? "✓ 有" : "✗ 没有");
  return h("tr", {},
    h("td", {}, clockSeconds(Date.parse(one.at) / 1000)),
    h("td", {}, one.name || (NAMES[one.platform] && one.way !== "ask" ? "外人" : "机器人自己"), h("small", {}, NAMES[one.platform] || "")),
    h("td", { class: "what" }, one.title || one.subject || "（待办）", h("small", {}, [WAYS[one.way] || one.way, one.subject].filter(Boolean).join(" · "))),
    h("td", { class: mood }, word, why ? h("small", {}, why) : null),
    there);
}
