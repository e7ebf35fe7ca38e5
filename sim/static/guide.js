// The guide beside the phones: six steps, each with the button that does it and what to look at. Done steps are ticked.
import { h } from "./dom.js";

// `deeds`: what the buttons do (see main.js). A step is done when somebody was shown all of `saw` in one message.
function steps(deeds) {
  return [
    {
      id: "chat", title: "把一段聊天变成客户",
      text: "王磊和客户聊完，把聊天记录交给机器人。",
      do: [["企业微信上粘贴聊天", () => deeds.paste("wecom")], ["钉钉上转发聊天记录", () => deeds.forward("dingtalk")]],
      look: "几秒后出来一张草稿卡片：姓名、手机、公司、需求、时间都填好了，「依据」里是原话。点「存为新客户」→「开始跟进」，选方式、选结论，再回一句「周二前发测试报告」，三步记完。",
      saw: ["识别到联系人"],
    },
    {
      id: "expo", title: "展会上随口记一句",
      text: "李倩在展会上遇到一位采购经理，用钉钉说了一段语音。",
      do: [["发这段语音", () => deeds.expo()]],
      look: "语音识别成文字，一句话里认出公司、职务、姓名、手机，「月底前给方案」成了下一次跟进的时间。",
      saw: ["识别到联系人", "联达"],
    },
    {
      id: "card", title: "一张名片上的字",
      text: "王磊把名片上的文字原样贴给机器人，手机号中间还有空格。",
      do: [["贴名片文字", () => deeds.visitingCard()]],
      look: "没有「姓名：」这样的提示也认得出谁是人、谁是公司；职务、邮箱、城市一起进了草稿，存成客户就有了档案。",
      saw: ["识别到联系人", "睿恒"],
    },
    {
      id: "web", title: "官网来了一条询盘",
      text: "表单提交到 POST /api/v1/leads，按地区和擅长分派给人。",
      do: [["提交一条询盘", () => deeds.enquiry()]],
      look: "负责人的手机上马上有「新线索」卡片，写着从哪来、为什么给他、最晚几点要联系。到「线路」里看机器人发出的真实请求。",
      saw: ["新线索 L-"],
    },
    {
      id: "silence", title: "谁都不理它",
      text: "让时间过去。只算上班的钟点，所以先到下一个工作日早上。",
      do: [["到工作日早上", () => deeds.morning()], ["过 2 小时", () => deeds.pass(7200)], ["再过 4 小时", () => deeds.pass(14400)], ["看主管的手机", () => deeds.boss()]],
      look: "2 小时提醒负责人；4 小时主管收到升级卡片，可以催一下、转派、给理由放过。中午一小时不算，不会冤枉谁。",
      saw: ["超时未首触"],
    },
    {
      id: "admin", title: "管理员问一声：你还好吗",
      text: "周工发 /诊断，看机器人自己的状态。",
      do: [["发 /诊断", () => deeds.diagnose()]],
      look: "两个平台的凭证、额度、积压、没送达的人，一条一条写着好不好、怎么修。接着到「故障」里弄坏一样，再发一次。",
      saw: ["诊断：", "项正常"],
    },
  ];
}

export class Guide {
  constructor(panel, deeds, boot) {
    this.key = `${boot}:guide`;
    this.done = new Set(JSON.parse(sessionStorage.getItem(this.key) || "[]"));
    this.steps = steps(deeds);
    this.count = h("b", {}, "");
    this.items = new Map();
    this.end = h("p", { class: "look ended", role: "status", hidden: true }, h("b", {}, "六步都走完了。"),
      "接下来：顶上的「打开看板」看团队的情况（机器人会在聊天里给一次性链接：发 /看板）；拿自己公司的人和规则来演练：python main.py demo --config mine.toml；正式接入看 README。");
    const button = (label, run) => h("button", { type: "button", class: "chip", onclick: run }, label);
    panel.append(
      h("p", { class: "hint" }, "左边是同一家公司的两部手机，上方切换是谁在用。走的是两个平台的真实接口，只是平台在本机模拟。跟着做六步，已完成 ", this.count, "。"),
      h("ol", { class: "steps" }, this.steps.map((step) => {
        const item = h("li", { "data-step": step.id },
          h("b", {}, step.title), h("span", { class: "tick", hidden: true }, "✓ 看到了"),
          h("p", {}, step.text),
          h("div", { class: "doing" }, step.do.map(([label, run]) => button(label, run))),
          h("p", { class: "look" }, h("b", {}, "看什么："), step.look));
        this.items.set(step.id, item);
        return item;
      })),
      this.end,
      h("p", { class: "look" }, h("b", {}, "同一部手机，另一条路："), "企业微信里除了「应用」还有「智能机器人」的会话：走长连接，不要公网地址、不要可信 IP，十人以下的公司几分钟就能接上。它要等人先开口，才能主动发消息。"),
      h("div", { class: "doing" }, button("对智能机器人说「开始」", () => deeds.aibot())),
      h("p", { class: "look" }, h("b", {}, "最后，拔电源："), "「故障」里点 kill -9，机器人进程真的没了；它再起来时，没打完的卡、没发出的消息、到期的提醒都还在，一条不丢、一条不重。"),
      h("div", { class: "doing" }, button("去「故障」", () => deeds.faults())),
      h("p", { class: "hint" }, "机器人把消息发到这个人最后说话的那个平台。发 /帮助 看全部命令。从头再来：python main.py demo --fresh"));
    this.draw();
  }

  // Something new stands on a phone.
  take(seen) {
    if (seen.mine) return;
    const before = this.done.size;
    for (const step of this.steps) if (step.saw.every((part) => seen.text.includes(part))) this.done.add(step.id);
    if (this.done.size === before) return;
    sessionStorage.setItem(this.key, JSON.stringify([...this.done]));
    this.draw();
  }

  draw() {
    this.count.textContent = `${this.done.size}/${this.steps.length}`;
    this.end.hidden = this.done.size < this.steps.length;
    const next = this.steps.find((step) => !this.done.has(step.id));
    for (const [id, item] of this.items) {
      item.classList.toggle("done", this.done.has(id));
      item.classList.toggle("next", Boolean(next) && next.id === id);
      item.querySelector(".tick").hidden = !this.done.has(id);
    }
  }
}
