// Small tools: elements, icons, requests, times, short messages at the foot of the page.

// What the platforms are called, by id; filled when the page begins.
export const NAMES = {};

export function h(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  forward: "M9 5l-6 6 6 6v-4c6 0 9 2 11 5-.5-7-4-11-11-11z",
  mic: "M12 3a3 3 0 00-3 3v5a3 3 0 006 0V6a3 3 0 00-3-3zM6 11a6 6 0 0012 0M12 17v4",
  send: "M4 12l16-8-5 16-3-7z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  todo: "M4 5h16v14H4zM8 12l3 3 5-6",
  globe: "M12 3a9 9 0 100 18 9 9 0 000-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  plus: "M12 5v14M5 12h14",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9h.01",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

async function asked(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("演示台没有应答，程序可能已经停了");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error || `没有成功（${answer.status}）`);
  return body;
}

export const get = (address) => asked(address);
export const post = (address, body = {}) =>
  asked(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function toast(text, kind = "") {
  const note = h("p", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 7000 : 4000);
}

// Says why when something did not work; returns what it gave, or null.
export async function tried(promise) {
  try {
    return await promise;
  } catch (error) {
    toast(error.message, "bad");
    return null;
  }
}

const ZONE = "Asia/Shanghai";
const CLOCK = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
const SECONDS = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "numeric", day: "numeric", weekday: "short" });

export const clock = (seconds) => CLOCK.format(seconds * 1000);
export const clockSeconds = (seconds) => SECONDS.format(seconds * 1000);
export const dayAndClock = (seconds) => `${DAY.format(seconds * 1000)} ${CLOCK.format(seconds * 1000)}`;

// Only web addresses become links: nothing else may be opened from a card.
const WEB = /^https?:/i;
export function address(link) {
  return WEB.test(link || "") ? link : "";
}

// "2026-11-25T09:00", in China.
const PARTS = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "short" });
export const stamped = (seconds) => PARTS.format(seconds * 1000).replace(" ", "T");
