// The small dialogs: forwarding a chat record, sending a voice message, a picture, a file, going to a date.
import { h, toast } from "./dom.js";
import { PASTED, VISITING_CARD, VOICE } from "./examples.js";

// Shows a dialog and waits: what it gave, or null when it was closed. `made`: [dialog, read], read() null: not yet.
export function ask([dialog, read]) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let found = null;
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      found = read();
      if (found) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(found);
    });
  });
}

export function dialogOf(title, ...content) {
  const dialog = h("dialog", { "aria-label": title });
  dialog.append(h("form", { method: "dialog" }, h("h2", {}, title), content));
  return dialog;
}

function feet(dialog, label) {
  return h("div", { class: "feet" },
    h("button", { type: "button", class: "press plain", onclick: () => dialog.close() }, "取消"),
    h("button", { type: "submit", class: "press primary" }, label));
}

// `talks`: [{ name, lines: [[speaker, text]] }], what customers wrote in WeChat.
export function forwardDialog(surface, talks) {
  const delivers = surface === "dingtalk";
  const own = h("textarea", { rows: "7", "aria-label": "聊天记录，一行一句：说话人：内容" });
  own.value = PASTED;
  const ticks = talks.flatMap((talk) => talk.lines.map(([speaker, text]) =>
    ({ line: [speaker, text], box: h("input", { type: "checkbox", checked: true }) })));
  const chosen = h("div", { class: "choose", role: "group", "aria-label": "要转发哪几句" }, ticks.map(({ line, box }) =>
    h("label", {}, box, h("span", {}, h("b", {}, line[0]), line[1]))));
  const typing = h("input", { type: "checkbox", onchange: () => { own.hidden = !typing.checked; chosen.hidden = typing.checked; } });
  typing.checked = ticks.length === 0;
  own.hidden = !typing.checked;
  chosen.hidden = typing.checked;
  const dialog = dialogOf("转发聊天记录",
    h("p", {}, delivers
      ? "选几句，作为一条合并转发的聊天记录发给机器人。"
      : `企业微信不把合并转发的聊天记录交给${surface === "wecom" ? "自建应用" : "智能机器人"}（平台限制）。真机上请多选、复制文字再粘贴；这里点「粘贴到输入框」就是这样做。`),
    chosen, h("label", { class: "own" }, typing, " 自己写：一行一句「说话人：内容」"), own);
  dialog.firstElementChild.append(feet(dialog, delivers ? "转发" : "粘贴到输入框"));
  return [dialog, () => {
    const lines = typing.checked
      ? own.value.split("\n").map((line) => line.trim()).filter(Boolean).map(split)
      : ticks.filter(({ box }) => box.checked).map(({ line }) => line);
    if (!lines.length || lines.some((line) => !line)) {
      toast(typing.checked ? "每一行都要写成「说话人：内容」" : "先选一句", "bad");
      return null;
    }
    return lines;
  }];
}

function split(line) {
  const found = line.match(/^([^：:]{1,30})[：:]\s*(.+)$/);
  return found ? [found[1].trim(), found[2].trim()] : null;
}

export function voiceDialog(surface) {
  const box = h("textarea", { rows: "4", "aria-label": "语音里说的话" });
  box.value = VOICE;
  const seconds = h("input", { type: "number", min: "1", max: "60", value: "8", "aria-label": "秒数" });
  const dialog = dialogOf("发语音",
    h("p", {}, surface !== "wecom"
      ? `${surface === "dingtalk" ? "钉钉" : "企业微信"}会把语音识别成文字，交给机器人。`
      : "企业微信只把声音交给自建应用，没有识别出的文字（平台限制）：机器人会告诉你怎么办。真机上可以长按语音「转文字」，再复制粘贴。"),
    box,
    h("label", { class: "seconds" }, "时长 ", seconds, " 秒"));
  dialog.firstElementChild.append(feet(dialog, "发送"));
  return [dialog, () => (box.value.trim() ? { text: box.value.trim(), seconds: Number(seconds.value) || 4 } : null)];
}

// A file or a picture, picked or an example. Gives { name, base64 }.
export function fileDialog(picture) {
  const input = h("input", { type: "file", accept: picture ? "image/*" : "", "aria-label": picture ? "选一张图片" : "选一个文件" });
  const preview = h("img", { class: "preview", alt: "要发的图片", hidden: true });
  let found = picture ? { name: "名片.png", base64: visitingCard() } : { name: "需求清单.csv", base64: encoded(LIST) };
  const shown = h("p", { class: "hint" }, "");
  const draw = () => {
    shown.textContent = `将发出：${found.name}`;
    preview.hidden = !picture;
    if (picture) preview.src = `data:image/png;base64,${found.base64}`;
  };
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    if (file.size > MOST) {
      toast("演示里最大 8 MB", "bad");
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    found = { name: file.name, base64: btoa(binary) };
    draw();
  });
  const dialog = dialogOf(picture ? "发图片" : "发文件",
    h("p", {}, picture ? "不选就发一张示例名片的照片。" : "不选就发一个示例文件。"), input, preview, shown);
  dialog.firstElementChild.append(feet(dialog, "发送"));
  draw();
  return [dialog, () => found];
}

const MOST = 8 * 1024 * 1024;
const LIST = "名称,数量,交期\n液压阀块,300,下周三\n油路块,80,月底\n";

function encoded(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

// A visiting card as somebody would photograph it.
function visitingCard() {
  const canvas = h("canvas", { width: 480, height: 280 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#f3efe6";
  pen.fillRect(0, 0, 480, 280);
  pen.fillStyle = "#8a2b2b";
  pen.fillRect(0, 0, 14, 280);
  pen.fillStyle = "#22262e";
  const font = getComputedStyle(document.body).fontFamily;
  const rows = VISITING_CARD.split("\n");
  rows.forEach((row, n) => {
    pen.font = `${n === 0 ? "600 24px" : n === 1 ? "600 21px" : "17px"} ${font}`;
    pen.fillText(row, 40, 60 + n * 45);
  });
  return canvas.toDataURL("image/png").split(",")[1];
}

// A day and a time to go to. Gives "2026-11-25T09:00".
export function dateDialog(start) {
  const input = h("input", { type: "datetime-local", "aria-label": "哪一天几点", required: true });
  input.value = start;
  const dialog = dialogOf("到某一天", h("p", {}, "时间只能往前走，最多 180 天。路上到期的提醒会一个一个发生。"), input);
  dialog.firstElementChild.append(feet(dialog, "去那里"));
  return [dialog, () => input.value || null];
}
