// The wire panel: what the bot and the platforms said to each other, decrypted, newest first.
import { dialogOf } from "./dialogs.js";
import { NAMES, clockSeconds, h } from "./dom.js";

const KEPT = 150;
const WAYS = {
  in: ["机器人 → 平台", "in"],
  out: ["平台 → 机器人", "out"],
  note: ["没有上线路", "note"],
};

export class Wire {
  constructor(panel) {
    this.known = {};
    this.waiting = [];
    this.list = h("ol", { class: "exchanges" });
    this.only = h("select", { "aria-label": "只看", onchange: () => this.filter() },
      h("option", { value: "" }, "全部平台"), Object.entries(NAMES).map(([id, name]) => h("option", { value: id }, name)));
    this.paused = h("input", { type: "checkbox" });
    panel.append(
      h("p", { class: "hint" }, "机器人和两个平台之间的真实请求与应答（已解密）。点开看内容。"),
      h("div", { class: "wire-tools" }, this.only, h("label", {}, this.paused, " 暂停"),
        h("button", { type: "button", class: "chip", onclick: () => this.list.replaceChildren() }, "清空")),
      this.list);
  }

  // What was said before the page was opened; until then what is said live has to wait.
  begin(rows) {
    const waiting = this.waiting;
    this.waiting = null;
    this.take(rows);
    this.take(waiting);
  }

  take(rows) {
    if (this.waiting) {
      this.waiting.push(...rows);
      return;
    }
    for (const row of rows) {
      if (row.n <= (this.known[row.platform] || 0)) continue;
      this.known[row.platform] = row.n;
      if (!this.paused.checked && !heartBeat(row)) this.list.prepend(this.row(row));
    }
    while (this.list.childElementCount > KEPT) this.list.lastElementChild.remove();
  }

  row(row) {
    return h("li", { "data-platform": row.platform, hidden: Boolean(this.only.value) && this.only.value !== row.platform }, exchange(row));
  }

  filter() {
    for (const item of this.list.children) item.hidden = Boolean(this.only.value) && this.only.value !== item.dataset.platform;
  }
}

// One exchange: a line, and what was said when somebody opens it; `open`: at once, the event comes later than the dialog.
function exchange(row, open = false) {
  const [way, kind] = WAYS[row.way] || WAYS.note;
  const silent = row.platform === "wecom" && row.way === "out" && row.status === 0; // stream frames have no status
  const lost = typeof row.answer === "string" && row.answer.startsWith("lost");
  const failed = row.way !== "note" && (silent || lost || row.status >= 400 || Boolean(row.answer && row.answer.errcode > 0));
  const details = h("details", { class: `exchange ${kind}${failed ? " failed" : ""}`, ontoggle: () => opened(details, row) },
    h("summary", {},
      h("span", { class: `tag ${row.platform}` }, NAMES[row.platform]),
      h("span", { class: "way", title: way, "aria-label": way }, { in: "→", out: "←", note: "·" }[kind]),
      h("code", { title: row.what }, short(row.what)),
      h("small", {}, `${row.status || ""} ${clockSeconds(row.at)}`)));
  details.open = open;
  opened(details, row);
  return details;
}

// The contents are laid out only when somebody looks.
function opened(details, row) {
  if (!details.open || details.childElementCount > 1) return;
  const [way] = WAYS[row.way] || WAYS.note;
  const parts = [h("p", { class: "hint" }, way), h("h4", {}, "发出"), h("pre", { tabindex: "0" }, pretty(row.sent))];
  if (row.way !== "note" && !frame(row)) parts.push(h("h4", {}, "应答"), h("pre", { tabindex: "0" }, pretty(row.answer)));
  details.append(...parts);
}

// A frame of a long connection is answered by another frame, which has a line of its own.
function frame(row) {
  return !row.status && (row.answer === null || row.answer === undefined);
}

// The exchanges of one message, each with its request and its answer: [dialog, read] for `ask`.
export function wireDialog(seen, rows) {
  const dialog = dialogOf("这条消息的线路",
    h("p", { class: "quoted" }, seen.text.split("\n")[0].slice(0, 60)),
    rows.length ? h("ol", { class: "exchanges" }, rows.map((row) => h("li", {}, exchange(row, true))))
      : h("p", {}, "没有找到：它没有上线路，或者太久以前（线路只留最新的 5,000 条）。"));
  dialog.classList.add("wide");
  dialog.firstElementChild.append(h("div", { class: "feet" }, h("button", { type: "button", class: "press primary", onclick: () => dialog.close() }, "关闭")));
  return [dialog, () => null];
}

// The stream's own pings would drown the rest.
function heartBeat(row) {
  return row.what === "push SYSTEM ping" || (row.what === "ack" && String((row.sent || {}).data).includes('"opaque"'));
}

function short(what) {
  return what.replace(/^(GET|POST|PUT|DELETE) /, "").replace(/^(push|callback) [A-Z]+ /, "$1 ").replace(/\/(cgi-bin|v1\.0)\//, "");
}

function pretty(value) {
  if (value === null || value === undefined || value === "") return "（空）";
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  return value.startsWith("<xml>") ? value.replace(/>(?=<\w)/g, ">\n").replace(/<\/xml>$/, "\n</xml>") : value;
}
