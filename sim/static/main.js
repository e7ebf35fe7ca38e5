// Puts the page together and keeps it live: two phones, the guide, the wire, the clock.
import { dayAndClock, get, h, post, toast, tried } from "./dom.js";
import { CHAT, PASTED, enquiry } from "./examples.js";
import { guide } from "./guide.js";
import { Phone } from "./phone.js";
import { Wire } from "./wire.js";

const at = (id) => document.getElementById(id);
const time = { ahead: 0, busy: false, skew: 0 };

async function begin() {
  const state = await get("/api/state");
  document.body.dataset.boot = state.boot;
  time.skew = state.now - Date.now() / 1000 - state.clock.ahead; // the browser's own clock may be off
  const phones = {};
  for (const platform of state.platforms) phones[platform.id] = new Phone(at(platform.id), platform, { badges, ask: askIn });
  const wire = new Wire(at("wire"));
  wire.take((await get("/api/wire?limit=60")).rows);
  guide(at("guide"), deeds(phones));
  tabs();
  views(phones);
  clockButtons();
  listen(state.boot, phones, wire);
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
function listen(boot, phones, wire) {
  const source = new EventSource("/api/events");
  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  on("hello", (told) => {
    if (told.boot !== boot) location.reload(); // another run: its phones are empty
    for (const [id, phone] of Object.entries(phones)) phone.settle(told.phones[id]);
    sessionStorage.setItem(`${boot}:seen`, "1");
    for (const phone of Object.values(phones)) if (phone.id === "wecom") phone.enter(phone.shown);
  });
  on("seen", (told) => phones[told.platform].take(told.user, told.seen));
  on("wire", (rows) => wire.take(rows));
  on("menu", (menu) => phones.wecom.drawMenu(menu));
  on("bot", showBot);
  on("clock", (told) => {
    time.ahead = told.ahead;
    time.busy = told.busy;
    tick();
  });
  source.onerror = () => showBot({ up: false, gone: true });
}

function showBot(told) {
  const node = at("bot");
  node.className = `bot ${told.up ? "up" : "down"}`;
  node.querySelector("span").textContent = told.up ? "机器人在线" : told.gone ? "演示台断开，正在重连" : "机器人离线，正在重启";
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
  at("now").replaceChildren(h("b", {}, dayAndClock(now)), h("small", {}, time.busy ? "时间正在走…" : ahead));
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
      await travel(button.dataset.pass ? { pass_seconds: Number(button.dataset.pass) } : { to: button.dataset.to });
      button.removeAttribute("aria-busy");
    });
  }
}

// ── what the guide's buttons do ─────────────────────────────────────────────────────────────────────────────
function deeds(phones) {
  const person = (phone, id) => phone.people.find((one) => one.id === id) || phone.people[0];
  const turn = async (platform, id) => {
    look(platform);
    await phones[platform].show(person(phones[platform], id));
    return phones[platform];
  };
  return {
    paste: async (platform) => (await turn(platform, "wanglei")).say(PASTED),
    forward: async (platform) => (await turn(platform, "wanglei")).act("forward", { lines: CHAT }),
    enquiry: askIn,
    morning: () => travel({ to: "morning" }),
    pass: (seconds) => travel({ pass_seconds: seconds }),
    pick: (platform, id) => turn(platform, id),
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
  const choose = (tab) => {
    for (const one of list) {
      const on = one === tab;
      one.setAttribute("aria-selected", String(on));
      one.tabIndex = on ? 0 : -1;
      at(one.getAttribute("aria-controls")).hidden = !on;
    }
  };
  for (const tab of list) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = list[(list.indexOf(tab) + 1) % list.length];
      choose(other);
      other.focus();
    });
  }
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
  look("wecom");
}

begin().catch((error) => toast(error.message, "bad"));
