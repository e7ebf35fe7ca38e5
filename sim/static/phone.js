// One phone: its people, the chats of the one who is shown, and the box to type into.
import { drawn } from "./cards.js";
import { ask, fileDialog, forwardDialog, voiceDialog } from "./dialogs.js";
import { clock, dayAndClock, get, h, icon, post, toast, tried } from "./dom.js";
import { wireDialog } from "./wire.js";
import { SAYINGS, WISHES, joined } from "./examples.js";

const PAGE = 200; // as many messages are on the screen at once
const GAP = 300; // seconds of silence after which a time is shown
const KINDS = { wecom: "应用", wecom_aibot: "智能机器人", dingtalk: "机器人", wechat: "微信" };

export class Phone {
  // `around`: { badges() is told when something unread came or was read, ask() hands an enquiry in,
  // talks() → what customers wrote in WeChat }. `customers`: people outside whose WeChat is shown here too.
  constructor(station, platform, around, customers = []) {
    this.id = platform.id;
    this.station = station;
    this.around = around;
    const fresh = (chat) => ({ ...chat, rows: new Map(), first: 1, total: 0, version: 0, read: 0, wanted: 0, loaded: false });
    this.people = [...platform.people, ...customers].map((person) => ({ ...person, chats: person.chats.map(fresh) }));
    this.person = this.people[0];
    this.shown = this.person.chats[0]; // a chat of this person; each person keeps the one that was shown last
    this.menu = [];
    this.links = {};
    this.fresh = new Map(); // what came into the chat that is shown since the last picture on the screen, by its number
    this.build();
  }

  get unread() {
    return this.people.reduce((sum, person) => sum + unreadOf(person), 0);
  }

  get chats() {
    return this.people.flatMap((person) => person.chats);
  }

  // ── the frame ─────────────────────────────────────────────────────────────────────────────────────────────
  build() {
    this.list = h("ol", { class: "messages" });
    this.older = h("button", { type: "button", class: "older", hidden: true, onclick: () => this.showOlder() }, "更早的消息");
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0", onscroll: () => this.scrolled() }, this.older, this.list);
    this.newer = h("button", { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd() }, "有新消息 ↓");
    this.bar = h("header", { class: "phone-bar" });
    this.menuBar = h("div", { class: "menu", role: "group", "aria-label": "应用菜单", hidden: true });
    this.box = h("textarea", {
      rows: "1", "aria-label": "输入消息，回车发送，Shift 加回车换行", placeholder: "发消息给机器人",
      onkeydown: (event) => this.typed(event), oninput: () => this.grow(),
    });
    this.as = h("select", { class: "as", "aria-label": "谁在说话", hidden: true });
    const more = (name, label, run) => h("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick: () => { this.more.removeAttribute("open"); run(); } }, icon(name), h("span", {}, label));
    this.more = h("details", { class: "more", onfocusout: (event) => !this.more.contains(event.relatedTarget) && this.more.removeAttribute("open"), onkeydown: (event) => event.key === "Escape" && this.more.removeAttribute("open") },
      h("summary", { title: "更多：转发、语音、图片、文件", "aria-label": "更多：转发、语音、图片、文件" }, icon("plus")),
      h("div", {},
        more("forward", "转发聊天记录", () => this.forward()), more("mic", "发语音", () => this.speak()),
        more("image", "发图片", () => this.hand("image")), more("file", "发文件", () => this.hand("file"))));
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "一键示例" });
    this.sendButton = h("button", { type: "button", class: "send", onclick: () => this.sendTyped(), title: "发送（回车）" }, "发送");
    this.tabs = h("div", { class: "people", role: "tablist", "aria-label": "谁的手机", onkeydown: (event) => this.arrow(event) });
    this.station.append(
      this.tabs,
      h("div", { class: `phone ${this.id}`, role: "tabpanel" },
        this.bar,
        h("div", { class: "chat" }, this.log, this.newer),
        this.chips,
        this.menuBar,
        h("div", { class: "compose" }, this.more, this.as, this.box, this.sendButton)));
    this.pinned = true; // the end of the chat stays in view, also when the room for it changes
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(this.log);
    this.drawPeople();
  }

  drawPeople() {
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(...this.people.map((person) => {
      const count = unreadOf(person);
      const on = person === this.person;
      return h("button", {
        type: "button", role: "tab", class: "person", "aria-selected": String(on), tabindex: on ? "0" : "-1",
        "aria-label": `${person.name}，${person.title}${count ? `，${count} 条未读` : ""}`,
        onclick: () => this.visit(person),
      },
      h("span", { class: `face f-${this.people.indexOf(person) % 6}` }, person.name.slice(-1), count ? h("b", { class: "badge" }, count > 99 ? "99+" : String(count)) : null),
      h("span", { class: "who" }, h("b", {}, person.name), h("small", {}, person.title)));
    }));
    if (focused) this.tabs.querySelector("[aria-selected=true]").focus();
    this.tabs.querySelector("[aria-selected=true]").scrollIntoView({ block: "nearest", inline: "nearest" });
    this.drawFrame();
    this.drawChats();
    this.around.badges();
  }

  // However many messages come at once, the people are drawn once for each picture on the screen.
  drawSoon() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => { this.drawing = false; this.drawPeople(); });
  }

  // What depends on whose phone it is: a customer has no bot, but a chat with the rep.
  drawFrame() {
    if (this.framed === this.shown) return;
    this.framed = this.shown;
    const { name, rep } = this.person;
    const outside = this.outside;
    const ding = this.id === "dingtalk";
    const frame = this.station.querySelector(".phone");
    frame.classList.toggle("wechat", outside);
    frame.classList.toggle("aibot", this.shown.surface === "wecom_aibot");
    this.kinds = h("span", { class: "app-name" });
    this.link = h("span", { class: "link", role: "status", hidden: true }, "长连接断了");
    this.bar.replaceChildren(
      outside ? h("span", { class: "face f-1" }, rep.slice(-1)) : h("span", { class: "app-face" }, h("img", { src: "/static/icon.svg", alt: "", width: "30", height: "30" })),
      this.kinds, this.link,
      h("span", { class: "owner" }, outside ? `${name}的微信，机器人看不到` : `${name}的${ding ? "钉钉" : "企业微信"}`));
    this.drawLink();
    const chip = (label, text) => h("button", { type: "button", class: "chip", title: text, onclick: () => this.say(text) }, label);
    const chips = outside ? WISHES.map((text) => chip(`${text.slice(0, 9)}…`, text)) : SAYINGS.map((one) => chip(one.label, one.text));
    if (!outside) chips.splice(2, 0, h("button", { type: "button", class: "chip", title: "经接口进来一条官网询盘，自动分派", onclick: () => this.around.ask() }, "官网询盘（接口）"));
    this.chips.replaceChildren(...chips);
    this.as.replaceChildren(...(outside ? [name, rep].map((one) => h("option", { value: one }, one)) : []));
    this.as.hidden = !outside;
    this.more.hidden = outside;
    this.box.placeholder = outside ? `发消息给${rep}` : "发消息给机器人";
    this.menuBar.hidden = this.shown.surface !== "wecom" || !this.menu.length;
  }

  // Somebody may have several chats with the bot on one phone: as an app of the firm, and as a 智能机器人.
  drawChats() {
    const { chats } = this.person;
    const called = h("b", {}, this.outside ? this.person.rep : "跟进");
    if (chats.length < 2) {
      this.kinds.replaceChildren(called, h("span", { class: "tag" }, KINDS[this.shown.surface]));
      return;
    }
    const focused = this.kinds.contains(document.activeElement);
    this.kinds.replaceChildren(called, h("span", { class: "kinds", role: "group", "aria-label": "和机器人的两个会话" }, chats.map((chat) => {
      const count = unread(chat);
      return h("button", {
        type: "button", "aria-pressed": String(chat === this.shown), "data-surface": chat.surface,
        "aria-label": `${KINDS[chat.surface]}的会话${count ? `，${count} 条未读` : ""}`,
        onclick: () => this.show(chat),
      }, KINDS[chat.surface], count ? h("b", { class: "badge" }, count > 99 ? "99+" : String(count)) : null);
    })));
    if (focused) this.kinds.querySelector("[aria-pressed=true]").focus();
  }

  // Which surfaces the bot holds its long connection to; one without any is not there.
  drawLinks(links) {
    this.links = links;
    this.drawLink();
  }

  drawLink() {
    this.link.hidden = this.links[this.shown.surface] !== false;
  }

  get outside() {
    return this.shown.surface === "wechat";
  }

  arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.people.indexOf(this.person) + step;
    this.visit(this.people[(at + this.people.length) % this.people.length]);
  }

  drawMenu(menu) {
    this.menu = menu;
    this.menuBar.hidden = menu.length === 0 || this.shown.surface !== "wecom";
    this.menuBar.replaceChildren(...menu.map((entry) => {
      if (!entry.sub_button) return h("button", { type: "button", onclick: () => this.tap(entry) }, entry.name);
      const group = h("details", { class: "sub", onfocusout: (event) => !group.contains(event.relatedTarget) && group.removeAttribute("open") },
        h("summary", {}, entry.name),
        h("div", {}, entry.sub_button.map((one) => h("button", { type: "button", onclick: () => { group.removeAttribute("open"); this.tap(one); } }, one.name))));
      return group;
    }));
  }

  // ── who and what is shown ─────────────────────────────────────────────────────────────────────────────────
  // Somebody's phone, with the chat that was open on it, or with the one of this surface.
  visit(person, surface = "") {
    const chat = person.chats.find((one) => one.surface === surface) || person.open || person.chats[0];
    this.person = person;
    return this.show(chat);
  }

  async show(chat) {
    if (chat === this.shown && chat.loaded) return;
    if (chat !== this.shown) this.shown.rows = new Map(); // it is asked for again when somebody comes back
    this.fresh.clear();
    this.shown = this.person.open = chat;
    this.drawPeople();
    this.list.replaceChildren();
    await this.load(chat);
    this.enter(chat);
  }

  // Opening the chat is told to the bot; once per visit is enough here.
  enter(chat) {
    if (chat.entered || !["wecom", "wecom_aibot"].includes(chat.surface)) return;
    chat.entered = true;
    post(this.address(chat, "enter")).catch(() => {});
  }

  async load(chat) {
    chat.loading = true;
    const found = await tried(get(`${this.address(chat, "messages")}?limit=${PAGE}`));
    chat.loading = false;
    if (!found) return;
    const rows = new Map(found.rows.map((seen) => [seen.n, seen]));
    const first = found.rows.length ? found.rows[0].n : 1;
    for (const [n, seen] of chat.rows) if (seen.version > found.version && n >= first) rows.set(n, seen); // came meanwhile
    chat.rows = new Map([...rows].sort(([one], [other]) => one - other));
    chat.total = Math.max(chat.total, found.total);
    chat.version = Math.max(chat.version, found.version);
    chat.loaded = true;
    chat.first = first;
    if (chat.wanted > chat.version) return void this.load(chat);
    if (chat !== this.shown) return;
    this.fresh.clear();
    chat.read = chat.total;
    this.list.replaceChildren(...[...chat.rows.values()].map((seen) => this.row(seen)));
    this.older.hidden = chat.first <= 1;
    this.rove();
    this.drawPeople();
    this.toEnd();
  }

  async showOlder() {
    const chat = this.shown;
    const found = await tried(get(`${this.address(chat, "messages")}?before=${chat.first}&limit=${PAGE}`));
    if (!found || chat !== this.shown || !found.rows.length) return;
    const height = this.log.scrollHeight;
    for (const seen of found.rows) chat.rows.set(seen.n, seen);
    chat.first = found.rows[0].n;
    this.list.prepend(...found.rows.map((seen) => this.row(seen)));
    this.older.hidden = chat.first <= 1;
    this.log.scrollTop += this.log.scrollHeight - height;
  }

  // Where the phones stood when the stream was (re)opened: whoever moved on since is loaded again. By surface and user.
  settle(versions) {
    for (const chat of this.chats) {
      const now = (versions[chat.surface] || {})[chat.user];
      if (!now) continue;
      if (!chat.loaded && chat !== this.shown) {
        chat.read = chat.read || remembered(chat.surface, chat.user, now.total);
        chat.total = now.total;
      } else if (chat.loading) chat.wanted = now.version;
      else if (now.version !== chat.version || !chat.loaded) this.load(chat);
    }
    this.drawPeople();
  }

  take(surface, user, seen) {
    const chat = this.chats.find((one) => one.user === user && one.surface === surface);
    if (!chat) return;
    chat.version = Math.max(chat.version, seen.version);
    const fresh = seen.n > chat.total;
    chat.total = Math.max(chat.total, seen.n);
    if (chat.loading || (chat === this.shown && chat.loaded && seen.n >= chat.first)) chat.rows.set(seen.n, seen);
    if (chat !== this.shown) {
      if (seen.mine && fresh) chat.read = Math.max(chat.read, seen.n);
      this.drawSoon();
      return;
    }
    chat.read = chat.total;
    remember(surface, user, chat.read);
    const old = this.list.querySelector(`[data-n="${seen.n}"]`);
    if (old) this.swap(old, seen);
    else if (seen.n >= chat.first) this.append(seen);
  }

  swap(old, seen) {
    const focused = old.contains(document.activeElement);
    const end = this.atEnd();
    const row = this.row(seen);
    row.classList.add("changed");
    old.replaceWith(row);
    this.rove();
    if (focused) (row.querySelector(".line :is(button, select):not(:disabled)") || this.box).focus({ preventScroll: true });
    if (end) this.toEnd();
  }

  // However many come at once, the list is laid out once for each picture on the screen.
  append(seen) {
    if (!this.fresh.size) requestAnimationFrame(() => this.flush());
    this.fresh.set(seen.n, seen);
  }

  flush() {
    const chat = this.shown;
    const came = [...this.fresh.values()].filter((seen) => !this.list.querySelector(`[data-n="${seen.n}"]`));
    this.fresh.clear();
    if (!came.length) return;
    const end = this.atEnd() || came.some((seen) => seen.mine);
    const kept = end ? came.slice(-PAGE) : came;
    this.list.append(...kept.map((seen) => this.row(seen)));
    while (end && this.list.childElementCount > PAGE) this.list.firstElementChild.remove();
    if (end) {
      chat.first = Number(this.list.firstElementChild.dataset.n);
      for (const n of chat.rows.keys()) if (n < chat.first) chat.rows.delete(n);
      this.older.hidden = chat.first <= 1;
      this.toEnd();
    } else this.newer.hidden = false;
    this.rove();
    this.around.badges();
  }

  row(seen) {
    const before = this.shown.rows.get(seen.n - 1);
    const gap = !before || Math.abs(seen.at - before.at) > GAP;
    const hands = {
      press: (card, press, node) => this.press(card, press, node),
      choose: (card, pick, ids) => this.choose(card, pick, ids),
      file: (card) => this.address(this.shown, `file/${card.n}`),
      grown: () => this.pinned && this.toEnd(),
    };
    return h("li", { class: seen.mine ? "mine" : "theirs", "data-n": String(seen.n) },
      gap ? h("time", { class: "when" }, stamp(seen.at, before)) : null,
      h("div", { class: "line" },
        seen.mine ? null : this.outside ? h("span", { class: "face f-1" }, this.person.rep.slice(-1))
          : h("span", { class: "from" }, h("img", { src: "/static/icon.svg", alt: "机器人", width: "32", height: "32" })),
        drawn(seen, this.id, hands)),
      h("small", { class: "about" },
        seen.updates && seen.kind === "card" ? `已更新 ${seen.updates} 次 ` : null,
        this.outside ? null : h("button", { type: "button", class: "wired", title: "这条消息在线路上的请求与应答", tabindex: "-1", onkeydown: (event) => this.climb(event), onclick: () => this.wired(seen) }, "线路")));
  }

  rove() {
    for (const old of this.list.querySelectorAll(".wired[tabindex='0']")) old.tabIndex = -1;
    const last = this.list.lastElementChild && this.list.lastElementChild.querySelector(".wired");
    if (last) last.tabIndex = 0;
  }

  atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.newer.hidden = true;
  }

  scrolled() {
    this.pinned = this.atEnd();
    if (this.pinned) this.newer.hidden = true;
  }

  // ── what the person does ──────────────────────────────────────────────────────────────────────────────────
  address(chat, what) {
    return `/api/${chat.surface}/${encodeURIComponent(chat.user)}/${what}`;
  }

  async act(verb, body) {
    const done = await tried(post(this.address(this.shown, verb), body));
    if (done && done.problem) toast(done.problem, "bad");
    return done;
  }

  typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.sendTyped();
  }

  sendTyped() {
    const text = this.box.value;
    if (!text.trim()) return;
    this.box.value = "";
    this.grow();
    this.say(text);
  }

  say(text) {
    return this.act("say", this.outside ? { text, as: this.as.value } : { text });
  }

  type(text) {
    this.box.value = text;
    this.grow();
    this.box.focus();
  }

  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 132)}px`;
  }

  async press(seen, press, node) {
    const group = node.parentElement.querySelectorAll("button:not(:disabled)");
    for (const one of group) one.setAttribute("aria-disabled", "true");
    if (node.hasAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    await this.act("click", press.key ? { n: seen.n, key: press.key } : { n: seen.n, label: press.label });
    node.removeAttribute("aria-busy");
    for (const one of group) one.removeAttribute("aria-disabled");
  }

  choose(seen, pick, ids) {
    pick.chosen = ids;
    return tried(post(this.address(this.shown, "choose"), { n: seen.n, key: pick.key, ids }));
  }

  tap(entry) {
    if (entry.type === "view") window.open(entry.url, "_blank", "noopener");
    return this.act("menu", { key: entry.key || entry.url });
  }

  async forward() {
    const ding = this.id === "dingtalk";
    const lines = await ask(forwardDialog(this.shown.surface, await this.around.talks()));
    if (!lines) return;
    if (ding) this.act("forward", { lines });
    else this.type(joined(lines));
  }

  // One stop for the tab key; the arrows go from message to message.
  climb(event) {
    const row = event.target.closest("li");
    const other = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
    if (other === undefined) return;
    event.preventDefault();
    if (other) other.querySelector(".wired")?.focus();
  }

  // What went over the wire for one message.
  async wired(seen) {
    const found = await tried(get(this.address(this.shown, `wire/${seen.n}`)));
    if (found) await ask(wireDialog(seen, found.rows));
  }

  async hand(verb) {
    const file = await ask(fileDialog(verb === "image"));
    if (file) this.act(verb, file);
  }

  async speak() {
    const said = await ask(voiceDialog(this.shown.surface));
    if (said) this.act("voice", said);
  }
}

function unread(chat) {
  return Math.max(0, chat.total - chat.read);
}

function unreadOf(person) {
  return person.chats.reduce((sum, chat) => sum + unread(chat), 0);
}

function stamp(at, before) {
  const same = before && dayAndClock(at).split(" ")[0] === dayAndClock(before.at).split(" ")[0];
  return same ? clock(at) : dayAndClock(at);
}

// What was read survives a reload of the page, not a new run of the demo.
const boot = () => document.body.dataset.boot || "";
function remember(platform, user, n) {
  sessionStorage.setItem(`${boot()}:${platform}:${user}`, String(n));
}
function remembered(platform, user, otherwise) {
  const found = sessionStorage.getItem(`${boot()}:${platform}:${user}`);
  return found === null ? (sessionStorage.getItem(`${boot()}:seen`) ? 0 : otherwise) : Number(found);
}
