// The markdown that chat platforms show, as elements (never as HTML text): paragraphs, headings, quotes, lists, bold, links.
import { address, h } from "./dom.js";

export function markdown(source) {
  const blocks = hidden(String(source || "")).split(/\n\s*\n/).filter((block) => block.trim());
  return h("div", { class: "md" }, blocks.map(block));
}

function block(text) {
  const parts = [];
  for (const line of text.replace(/<br\s*\/?>/g, "\n").split(/ *\n/)) {
    const heading = line.match(/^\s{0,3}#{1,6}\s+(.*)$/);
    const quote = line.match(/^\s{0,3}>\s?(.*)$/);
    const item = line.match(/^\s*[-*]\s+(.*)$/);
    if (heading) parts.push(h("strong", { class: "md-h" }, inline(heading[1])));
    else if (quote) parts.push(h("span", { class: "md-q" }, inline(quote[1])));
    else if (item) parts.push(h("span", { class: "md-li" }, inline(item[1])));
    else parts.push(h("span", { class: "md-l" }, inline(line)));
  }
  return h("p", {}, parts);
}

// A mark behind a backslash stands for itself: it is out of the way while the other marks are read.
const ESCAPED = /\\([\\`*_{}[\]()#+\-.!>~|])/g;
const HIDDEN = /[\ue000-\ue07f]/g;
const hidden = (text) => text.replace(ESCAPED, (_, mark) => String.fromCharCode(0xe000 + mark.charCodeAt(0)));
const shown = (text) => text.replace(HIDDEN, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xe000));

function inline(text) {
  const plain = text.replace(/<\/?font[^>]*>/g, "").replace(/!\[([^\]]*)\]\([^)]*\)/g, "［图片$1］");
  const found = [];
  const marks = /\*\*(.+?)\*\*|\[([^\]]*)\]\(([^)]*)\)|`([^`]+)`/g;
  let at = 0;
  for (const mark of plain.matchAll(marks)) {
    found.push(shown(plain.slice(at, mark.index)));
    if (mark[1] !== undefined) found.push(h("b", {}, shown(mark[1])));
    else if (mark[4] !== undefined) found.push(h("code", {}, shown(mark[4])));
    else if (address(mark[3])) found.push(h("a", { href: shown(mark[3]), target: "_blank", rel: "noopener noreferrer" }, shown(mark[2])));
    else found.push(shown(mark[2]));
    at = mark.index + mark[0].length;
  }
  found.push(shown(plain.slice(at)));
  return found.filter((part) => part !== "");
}
