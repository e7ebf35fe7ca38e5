// The guide beside the phones: what to do first, step by step, with the buttons that do it.
import { h } from "./dom.js";

// `doing`: { enquiry(), pass(seconds), morning(), paste(platform), forward(platform), pick(platform, id) }.
export function guide(panel, doing) {
  const step = (title, text, ...buttons) => h("li", {}, h("b", {}, title), h("p", {}, text), buttons.length ? h("div", { class: "doing" }, buttons) : null);
  const button = (label, run) => h("button", { type: "button", class: "chip", onclick: run }, label);
  panel.append(
    h("p", { class: "hint" }, "左边是同一家公司的两部手机：企业微信和钉钉，上方切换是谁在用。机器人走的是两个平台的真实接口，只是平台在本机模拟。"),
    h("ol", { class: "steps" },
      step("把聊天变成草稿", "王磊把客户的聊天发给机器人，几秒后得到一张草稿卡片：姓名、公司、电话、关键词，每一项都有原话作证。",
        button("企业微信上粘贴聊天", () => doing.paste("wecom")), button("钉钉上转发聊天", () => doing.forward("dingtalk"))),
      step("存为新客户", "在卡片上点「存为新客户」，再点「开始跟进」。"),
      step("三步打卡", "选方式 → 选结论 → 回一句「周二前发测试报告」。没打完，别的线索和资料都先不给。"),
      step("来一条官网询盘", "从接口进来的线索会自动分派，负责人马上收到卡片和两个首触时限。",
        button("模拟官网询盘", doing.enquiry)),
      step("不理它，让时间过去", "2 小时提醒负责人，4 小时升级给主管张敏。只算上班的钟点：夜里和周末先去到下一个工作日早上。",
        button("到工作日早上", doing.morning), button("过 2 小时", () => doing.pass(7200)), button("过 4 小时", () => doing.pass(14400)), button("看张敏的手机", () => doing.pick("wecom", "zhangmin"))),
      step("主管处理", "张敏可以催一下、转派、给理由放过。转派后换成李倩的手机看。",
        button("看李倩的手机", () => doing.pick("wecom", "liqian"))),
      step("随时断电", "在终端里 kill -9 机器人进程：它自己回来，故事接着走，一条不丢、一条不重。")),
    h("p", { class: "hint" }, "常用命令：/帮助 /今日 /打卡 /客户 /查重 /稍后 /转给 /我的 /撤销 /超时。机器人把消息发到你最后说话的那个平台。"));
}
