// The small dialogs: forwarding a chat record, sending a voice message.
import { h, toast } from "./dom.js";
import { PASTED, VOICE } from "./examples.js";

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

function dialogOf(title, ...content) {
  const dialog = h("dialog", { "aria-label": title });
  dialog.append(h("form", { method: "dialog" }, h("h2", {}, title), content));
  return dialog;
}

function feet(dialog, label) {
  return h("div", { class: "feet" },
    h("button", { type: "button", class: "press plain", onclick: () => dialog.close() }, "取消"),
    h("button", { type: "submit", class: "press primary" }, label));
}

export function forwardDialog(delivers) {
  const box = h("textarea", { rows: "8", "aria-label": "聊天记录，一行一句：说话人：内容" });
  box.value = PASTED;
  const dialog = dialogOf("转发聊天记录",
    h("p", {}, delivers
      ? "一行一句，写成「说话人：内容」。会作为一条合并转发的聊天记录发给机器人。"
      : "企业微信不把合并转发的聊天记录交给自建应用（平台限制）。真机上请多选、复制文字再粘贴；这里点「粘贴到输入框」就是这样做。"),
    box);
  dialog.firstElementChild.append(feet(dialog, delivers ? "转发" : "粘贴到输入框"));
  return [dialog, () => {
    const lines = box.value.split("\n").map((line) => line.trim()).filter(Boolean).map(split);
    if (!lines.length || lines.some((line) => !line)) {
      toast("每一行都要写成「说话人：内容」", "bad");
      return null;
    }
    return lines;
  }];
}

function split(line) {
  const found = line.match(/^([^：:]{1,30})[：:]\s*(.+)$/);
  return found ? [found[1].trim(), found[2].trim()] : null;
}

export function voiceDialog(recognised) {
  const box = h("textarea", { rows: "4", "aria-label": "语音里说的话" });
  box.value = VOICE;
  const seconds = h("input", { type: "number", min: "1", max: "60", value: "8", "aria-label": "秒数" });
  const dialog = dialogOf("发语音",
    h("p", {}, recognised
      ? "钉钉会把语音识别成文字，一起交给机器人。"
      : "企业微信只把声音交给自建应用，没有识别出的文字（平台限制）：机器人会告诉你怎么办。真机上可以长按语音「转文字」，再复制粘贴。"),
    box,
    h("label", { class: "seconds" }, "时长 ", seconds, " 秒"));
  dialog.firstElementChild.append(feet(dialog, "发送"));
  return [dialog, () => (box.value.trim() ? { text: box.value.trim(), seconds: Number(seconds.value) || 4 } : null)];
}
