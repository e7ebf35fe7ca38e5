// The one-click examples: what reps paste and say, and enquiries as a website would hand them in.

export const CHAT = [
  ["陈工", "你好，我是宁波恒达汽配有限公司的陈立，想询一款液压阀块"],
  ["陈工", "材料 45 钢，月用量 300 件左右，图纸可以发你"],
  ["王磊", "收到，方便留个电话吗？"],
  ["陈工", "13812345678，下周三前能给报价吗"],
];

export const joined = (lines) => lines.map(([speaker, text]) => `${speaker}：${text}`).join("\n");
export const PASTED = joined(CHAT);

export const SAYINGS = [
  { label: "同步至CRM 李四…", text: "同步至CRM 李四 13800138000 苏州联达机电有限公司 想买两台液压站，下周一前要报价" },
  { label: "粘贴聊天记录", text: PASTED },
  { label: "/今日", text: "/今日" },
  { label: "/打卡", text: "/打卡" },
  { label: "/超时", text: "/超时" },
  { label: "/帮助", text: "/帮助" },
];

// What the customer may write in WeChat.
export const WISHES = [
  "价格再谈谈，能便宜 5% 我这周就下单",
  "样品收到了，密封面有划痕，怎么处理？",
  "图纸发你邮箱了，麻烦 12 月 3 日前给报价",
];

export const EXPO = "展会上碰到苏州联达机电的采购经理刘洋，手机 13862145678，想看直驱转台，月底前给方案";
export const VISITING_CARD = "上海睿恒自动化科技有限公司\n高俊杰  技术总监\n手机：137 6420 8899\n邮箱：gao.junjie@ruiheng-auto.example\n地址：上海市松江区新桥镇新飞路 1500 号";
export const VOICE = "刚和无锡华泰机械的赵经理通完电话，电话是 13770001234，他想先要两件样品，周五前给回复";

const ENQUIRIES = [
  { name: "周海燕", company: "杭州启明自动化设备有限公司", city: "杭州", need: "阀岛配套油路块 80 件，月底前打样", source: "官网询盘" },
  { name: "孙建国", company: "常州瑞丰液压件厂", city: "常州", need: "现货采购：叠加阀 20 套，问交期和价格", source: "抖音留资" },
  { name: "吴敏", company: "温州正阳泵业有限公司", city: "温州", need: "高压齿轮泵壳体，来图加工，需要样品", source: "400 电话" },
  { name: "陈工", company: "嘉兴凯威精密机械有限公司", city: "嘉兴", need: "液压阀块，月 300 件，图纸定制", source: "官网询盘" },
];

// The next enquiry, with a mobile number that nobody had before.
let next = 0;
export function enquiry() {
  const chosen = ENQUIRIES[next++ % ENQUIRIES.length];
  const tail = String(Math.floor(Math.random() * 1e8)).padStart(8, "0");
  return { ...chosen, phone: `139${tail}` };
}
