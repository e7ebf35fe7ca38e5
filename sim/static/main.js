// Puts the page together and keeps it live: two phones, the guide, the wire, the clock.
import { ask, dateDialog } from "./dialogs.js";
import { NAMES, dayAndClock, get, h, post, stamped, toast, tried } from "./dom.js";
import { CHAT, EXPO, PASTED, VISITING_CARD, enquiry } from "./examples.js";
import { Faults } from "./faults.js";
import { Guide } from "./guide.js";
import { Phone } from "./phone.js";
import { Wire } from "./wire.js";

const at = (id) => document.getElementById(id);
const time = { ahead: 0, busy: false, skew: 0, rate: 1, met: false };

async function begin() {
  const state = await get("/api/state");
  document.body.dataset.boot = state.boot;
  time.skew = state.now - Date.now() / 1000 - state.clock.ahead; // the browser's own clock may be off
  const phones = {};
  Object.assign(NAMES, state.names);
  const around = { badges, ask: askIn, talks: () => talks(state.customers) };
  state.platforms.forEach((platform, n) => {
    phones[platform.id] = new Phone(at(platform.id), platform, around, n === 0 ? state.customers : []);
  });
  for (const phone of Object.values(phones)) phone.load(phone.shown);
  const wire = new Wire(at("wire"));
  const faults = new Faults(at("faults"));
  const guide = new Guide(at("guide"), deeds(phones, tabs()), state.boot);
  at("board").href = state.bot_url;
  at("board").hidden = !state.bot_url;
  views(phones);
  clockButtons();
  listen(state.boot, phones, { wire, faults, guide });
  tried(get("/api/wire?limit=60")).then((told) => wire.begin(told ? told.rows : []));
  tried(faults.begin());
  setInterval(tick, 1000);

  function badges() {
    for (const [id, phone] of Object.entries(phones)) {
      const badge = document.querySelector(`.views [data-view=${id}] .badge`);
      badge.hidden = phone.unread === 0;
      badge.textContent = phone.unread > 99 ? "99+" : String(phone.unread);
    }
  }
}

// ── live ────────────────────────────────────────────────────────────────────────────────────────────────────
function listen(boot, phones, { wire, faults, guide }) {
  const source = new EventSource("/api/events");
  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  on("hello", (told) => {
    if (told.boot !== boot) location.reload(); // another run: its phones are empty
    for (const phone of Object.values(phones)) phone.settle(told.phones);
    sessionStorage.setItem(`${boot}:seen`, "1");
    for (const phone of Object.values(phones)) phone.enter(phone.shown);
  });
  on("seen", (told) => {
    for (const phone of Object.values(phones)) phone.take(told.platform, told.user, told.seen);
    if (told.platform !== "wechat") guide.take(told.seen);
  });
  on("links", (links) => Object.values(phones).forEach((phone) => phone.drawLinks(links)));
  on("faults", (standing) => faults.show(standing));
  on("wire", (rows) => wire.take(rows));
  on("menu", (menu) => phones.wecom.drawMenu(menu));
  on("bot", (told) => { showBot(told); faults.showBot(told); });
  on("clock", (told) => {
    time.ahead = told.ahead;
    time.busy = told.busy;
    time.rate = told.rate;
    tick();
  });
  source.onerror = () => { showBot({ up: false, gone: true }); faults.showBot({ up: false, gone: true }); };
}

function showBot(told) {
  const node = at("bot");
  time.met ||= told.up;
  node.className = `bot ${told.up ? "up" : told.gone || told.held || time.met ? "down" : "wait"}`;
  node.querySelector("span").textContent = told.up ? "机器人在线" : told.gone ? "演示台断开，正在重连" : told.held ? "机器人被杀了" : time.met ? "机器人离线，正在重启" : "机器人正在启动";
  if (!told.gone) {
    for (const button of document.querySelectorAll(".clock button")) {
      button.disabled = !told.clock;
      button.title = told.clock ? "" : "机器人没有打开演练时钟";
    }
  }
}

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────
function tick() {
  const now = Date.now() / 1000 + time.skew + time.ahead;
  const ahead = time.ahead > 1 ? `比现实快 ${span(time.ahead)}` : "现实时间";
  at("now").replaceChildren(h("b", {}, dayAndClock(now)), h("small", {}, time.rate > 1 ? `${time.rate} 倍速` : time.busy ? "时间正在走…" : ahead));
  document.querySelector("[data-rate]").setAttribute("aria-pressed", String(time.rate > 1));
  document.querySelector("[data-to=real]").setAttribute("aria-pressed", String(time.ahead < 1));
}

function span(seconds) {
  const minutes = Math.round(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  return [days && `${days} 天`, hours && `${hours} 小时`, rest && `${rest} 分`].filter(Boolean).join(" ") || "不到 1 分";
}

async function travel(body) {
  const done = await tried(post("/api/clock", body));
  if (done) toast(`现在是 ${dayAndClock(done.now)}`);
}

function clockButtons() {
  for (const button of document.querySelectorAll(".clock button")) {
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      if (button.dataset.rate) await tried(post("/api/clock", { rate: time.rate > 1 ? 1 : Number(button.dataset.rate) }));
      else if (button.dataset.pick) await pickDate();
      else await travel(button.dataset.pass ? { pass_seconds: Number(button.dataset.pass) } : { to: button.dataset.to });
      button.removeAttribute("aria-busy");
    });
  }
}

async function pickDate() {
  const tomorrow = Date.now() / 1000 + time.skew + time.ahead + 86400;
  const chosen = await ask(dateDialog(`${stamped(tomorrow).slice(0, 10)}T09:00`));
  if (chosen) await travel({ to: chosen });
}

// What customers and reps wrote to each other in WeChat.
async function talks(customers) {
  const found = await Promise.all(customers.map((one) => tried(get(`/api/wechat/${one.chats[0].user}/messages?limit=30`))));
  return customers.map((one, n) => ({
    name: one.name,
    lines: ((found[n] || {}).rows || []).map((seen) => [seen.raw.speaker || one.name, seen.text]),
  }));
}

// ── what the guide's buttons do ─────────────────────────────────────────────────────────────────────────────
function deeds(phones, choose) {
  // A firm of one's own has other people: whoever stands in the same place then.
  const places = ["wanglei", "liqian", "zhangmin", "zhougong"];
  const person = (phone, id) => phone.people.find((one) => one.id === id) || phone.people[places.indexOf(id)] || phone.people[0];
  const turn = async (platform, id, surface = platform) => {
    look(platform);
    await phones[platform].visit(person(phones[platform], id), surface);
    return phones[platform];
  };
  return {
    paste: async (platform) => (await turn(platform, "wanglei")).say(PASTED),
    forward: async (platform) => (await turn(platform, "wanglei")).act("forward", { lines: CHAT }),
    expo: async () => (await turn("dingtalk", "liqian")).act("voice", { text: EXPO, seconds: 9 }),
    visitingCard: async () => (await turn("wecom", "wanglei")).say(VISITING_CARD),
    aibot: async () => (await turn("wecom", "wanglei", "wecom_aibot")).say("开始"),
    diagnose: async () => (await turn("wecom", "zhougong")).say("/诊断"),
    boss: () => turn("wecom", "zhangmin"),
    faults: () => { look("side"); choose("faults"); },
    enquiry: askIn,
    morning: () => travel({ to: "morning" }),
    pass: (seconds) => travel({ pass_seconds: seconds }),
  };
}

// An enquiry as a website hands it in: through the bot's API.
async function askIn() {
  const fields = enquiry();
  const done = await tried(post("/api/lead", fields));
  if (!done) return;
  if (done.status === 201 || done.status === 200) toast(`询盘已进来：${done.answer.id}，${fields.company}`, "good");
  else toast(`接口拒绝了（${done.status}）：${(done.answer.error || {}).message || "没有说明"}`, "bad");
}

// ── tabs and, on small screens, views ───────────────────────────────────────────────────────────────────────
function tabs() {
  const list = [...document.querySelectorAll(".tabs [role=tab]")];
  const choose = (name) => {
    const tab = at(`tab-${name}`);
    for (const one of list) {
      const on = one === tab;
      one.setAttribute("aria-selected", String(on));
      one.tabIndex = on ? 0 : -1;
      at(one.getAttribute("aria-controls")).hidden = !on;
    }
  };
  for (const tab of list) {
    tab.addEventListener("click", () => choose(tab.getAttribute("aria-controls")));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const step = event.key === "ArrowRight" ? 1 : list.length - 1;
      const other = list[(list.indexOf(tab) + step) % list.length];
      choose(other.getAttribute("aria-controls"));
      other.focus();
    });
  }
  return choose;
}

function look(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll(".views button")) button.setAttribute("aria-current", String(button.dataset.view === view));
}

function views(phones) {
  for (const button of document.querySelectorAll(".views button")) {
    button.addEventListener("click", () => {
      look(button.dataset.view);
      const phone = phones[button.dataset.view];
      if (phone) phone.toEnd();
    });
  }
  // Where only one thing fits on the screen, somebody who comes for the first time begins with the guide.
  const first = !sessionStorage.getItem(`${document.body.dataset.boot}:seen`);
  look(first && matchMedia("(max-width: 1040px)").matches ? "side" : "wecom");
}

begin().catch((error) => toast(error.message, "bad"));
