// What stands in a chat, as each platform draws it: template cards, interactive cards, texts, files, to-dos.
import { address, dayAndClock, h, icon } from "./dom.js";
import { markdown } from "./markdown.js";

// `hands` presses and chooses: { press(seen, button), choose(seen, pick, ids), file(seen) → address }.
export function drawn(seen, platform, hands) {
  if (seen.recalled) return h("p", { class: "recalled" }, "消息已撤回");
  const raw = seen.raw || {};
  if (seen.kind === "card" && raw.card) return wecomCard(seen, raw.card, hands);
  if (seen.kind === "card" && raw.cardParamMap) return dingCard(seen, raw.cardParamMap, hands);
  if (seen.kind === "card" && raw.text !== undefined) return actionCard(seen, raw, hands);
  switch (seen.kind) {
    case "file": return file(seen, hands);
    case "picture":
    case "image": return image(seen, hands);
    case "todo": return todo(seen, raw);
    case "markdown": return bubble(seen, raw.text !== undefined ? markdown(raw.text) : lines(seen), hands);
    default: return bubble(seen, lines(seen), hands);
  }
}

// ── texts, files, to-dos ────────────────────────────────────────────────────────────────────────────────────
function bubble(seen, body, hands) {
  const inline = linksIn(seen);
  const rest = seen.buttons.filter((press) => !inline.has(press));
  return h("div", { class: `bubble k-${seen.kind}` }, body, rest.length ? presses(seen, rest, hands, "links") : null);
}

// The label of a link stands in the text already: it is made pressable there.
function lines(seen) {
  let parts = [seen.text];
  for (const press of linksIn(seen)) {
    parts = parts.flatMap((part) => {
      if (typeof part !== "string" || !part.includes(press.label)) return [part];
      const at = part.indexOf(press.label);
      return [part.slice(0, at), anchor(press), part.slice(at + press.label.length)];
    });
  }
  return h("p", { class: "text" }, parts);
}

function linksIn(seen) {
  return new Set(seen.buttons.filter((press) => seen.kind === "text" && address(press.link) && seen.text.includes(press.label)));
}

function anchor(press) {
  return h("a", { href: press.link, target: "_blank", rel: "noopener noreferrer" }, press.label);
}

function file(seen, hands) {
  const name = seen.text.replace(/^\[文件\]\s*/, "");
  return h("a", { class: "bubble file", href: hands.file(seen), download: name },
    icon("file"), h("span", {}, h("b", {}, name), h("small", {}, `${size(seen.bytes)} · 点按下载`)));
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} 字节` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function image(seen, hands) {
  return seen.bytes ? h("div", { class: "bubble" }, h("img", { class: "picture", src: hands.file(seen), alt: seen.text, onload: () => hands.grown && hands.grown() })) : h("div", { class: "bubble" }, lines(seen));
}

function todo(seen, raw) {
  const rows = (raw.contentFieldList || []).map((row) => row2(row.fieldKey, row.fieldValue));
  const link = address((raw.detailUrl || {}).pcUrl);
  return h("div", { class: `card todo${raw.done ? " done" : ""}` },
    h("div", { class: "card-source" }, icon("todo"), raw.done ? "待办 · 已完成" : "待办"),
    h("h3", {}, raw.subject || seen.text),
    raw.description ? h("p", { class: "card-text" }, raw.description) : null,
    h("dl", {}, rows, raw.dueTime ? row2("截止", dayAndClock(raw.dueTime / 1000)) : null),
    link ? h("div", { class: "jumps" }, h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, "查看详情")) : null);
}

function row2(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

// ── WeCom template cards ────────────────────────────────────────────────────────────────────────────────────
const SOURCE = ["grey", "black", "red", "green"];
const WECOM_STYLES = { 1: "primary", 2: "plain", 3: "danger", 4: "plain" };

function wecomCard(seen, card, hands) {
  const title = card.main_title || {};
  const emphasis = card.emphasis_content;
  const area = card.image_text_area;
  const quote = card.quote_area;
  const styles = new Map((card.button_list || []).map((row) => [row.key || row.url, WECOM_STYLES[row.style] || "primary"]));
  if (card.submit_button) styles.set(card.submit_button.key, "primary");
  const menu = new Set((seen.raw.menu_keys || []));
  const links = seen.buttons.filter((press) => press.link && !styles.has(press.link));
  const main = seen.buttons.filter((press) => !links.includes(press) && !menu.has(press.key));
  const small = seen.buttons.filter((press) => menu.has(press.key) && press.key);
  return h("article", { class: "card wecom-card" },
    card.source && card.source.desc ? h("div", { class: `card-source ${SOURCE[card.source.desc_color || 0]}` }, h("i", { class: "dot" }), card.source.desc) : null,
    title.title ? h("h3", {}, title.title) : null,
    title.desc ? h("p", { class: "card-desc" }, title.desc) : null,
    emphasis ? h("p", { class: "card-emphasis" }, h("b", {}, emphasis.title || ""), h("small", {}, emphasis.desc || "")) : null,
    area ? h("p", { class: "card-quote" }, h("b", {}, area.title || ""), area.desc || "") : null,
    quote ? h("p", { class: "card-quote" }, quote.title ? h("b", {}, quote.title) : null, quote.quote_text || "") : null,
    card.sub_title_text ? h("p", { class: "card-text" }, card.sub_title_text) : null,
    (card.horizontal_content_list || []).length ? h("dl", {}, card.horizontal_content_list.map(wecomRow)) : null,
    (card.vertical_content_list || []).map((row) => h("p", { class: "card-text" }, h("b", {}, row.title), row.desc ? `\n${row.desc}` : "")),
    seen.picks.map((pick) => picker(seen, pick, hands)),
    main.length ? presses(seen, main, hands, "grid", (press) => styles.get(press.key || press.link) || "plain") : null,
    links.length ? h("div", { class: "jumps" }, links.filter((press) => address(press.link)).map(anchor)) : null,
    small.length ? presses(seen, small, hands, "links") : null);
}

function wecomRow(row) {
  const value = row.type === 1 && address(row.url)
    ? h("a", { href: row.url, target: "_blank", rel: "noopener noreferrer" }, row.value || row.url)
    : row.value || "";
  return row2(row.keyname, value);
}

// ── DingTalk cards ──────────────────────────────────────────────────────────────────────────────────────────
const DING_STYLES = { blue: "primary", red: "danger", gray: "plain" };

function dingCard(seen, view, hands) {
  const styles = new Map();
  try {
    for (const entry of JSON.parse(view.sys_full_json_obj || "{}").msgButtons || []) {
      styles.set(entry.id || entry.url, DING_STYLES[entry.color] || "plain");
    }
  } catch {
    // a value that is no JSON has no buttons
  }
  const known = view.title !== undefined || view.markdown !== undefined;
  return h("article", { class: "card ding-card" },
    view.title ? h("h3", {}, view.title) : null,
    known ? (view.markdown ? markdown(view.markdown) : null) : h("p", { class: "card-text" }, seen.text),
    view.tips ? h("p", { class: "card-tips" }, view.tips) : null,
    seen.picks.map((pick) => picker(seen, pick, hands)),
    seen.buttons.length ? presses(seen, seen.buttons, hands, "grid", (press) => styles.get(press.key || press.link) || "plain") : null);
}

function actionCard(seen, raw, hands) {
  return h("article", { class: "card ding-card" }, markdown(raw.text),
    seen.buttons.length ? presses(seen, seen.buttons, hands, "stack") : null);
}

// ── what can be pressed ─────────────────────────────────────────────────────────────────────────────────────
function presses(seen, buttons, hands, layout, style = () => "plain") {
  return h("div", { class: `presses ${layout}` }, buttons.map((press) => {
    if (address(press.link)) {
      return h("a", { class: `press ${style(press)}`, href: press.link, target: "_blank", rel: "noopener noreferrer" }, press.label);
    }
    return h("button", {
      type: "button", class: `press ${style(press)}`, disabled: !press.enabled,
      onclick: (event) => hands.press(seen, press, event.currentTarget),
    }, press.label);
  }));
}

function picker(seen, pick, hands) {
  if (!pick.many) {
    const chosen = pick.chosen[0];
    return h("label", { class: "pick" }, h("span", {}, pick.title || "请选择"),
      h("select", {
        disabled: !pick.enabled,
        onchange: (event) => hands.choose(seen, pick, event.currentTarget.value ? [event.currentTarget.value] : []),
      },
      chosen === undefined ? h("option", { value: "" }, "请选择") : null,
      pick.options.map(([id, text]) => h("option", { value: id, selected: id === chosen }, text))));
  }
  return h("fieldset", { class: "pick ticks", disabled: !pick.enabled },
    h("legend", {}, pick.title || "请选择"),
    pick.options.map(([id, text]) => h("label", {},
      h("input", {
        type: "checkbox", name: `${seen.n}-${pick.key}`, value: id, checked: pick.chosen.includes(id),
        onchange: (event) => {
          const box = event.currentTarget.closest("fieldset");
          hands.choose(seen, pick, [...box.querySelectorAll("input:checked")].map((input) => input.value));
        },
      }), text)));
}
