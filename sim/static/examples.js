// The one-click examples: what reps paste and say, and enquiries as a website would hand them in.

export const CHAT = [
  ["陈工", "你好，我是宁波恒达汽配有限公司的陈立，想询一款液压阀块"],
  ["陈工", "材料 45 钢，月用量 300 件左右，图纸可以发你"],
  ["王磊", "收到，方便留个电话吗？"],
  ["陈工", "13812345678，下周三前能给报价吗"],
];

export const PASTED = CHAT.map(([speaker, text]) => `${speaker}：${text}`).join("\n");

export const SAYINGS = [
  { label: "同步至CRM 李四…", text: "同步至CRM 李四 13800138000 苏州联达机电有限公司 想买两台液压站，下周一前要报价" },
  { label: "粘贴聊天记录", text: PASTED },
  { label: "/今日", text: "/今日" },
  { label: "/打卡", text: "/打卡" },
  { label: "/超时", text: "/超时" },
  { label: "/帮助", text: "/帮助" },
];

export const VOICE = "刚和无锡华泰机械的赵经理通完电话，电话是 13770001234，他想先要两件样品，周五前给回复";

const ENQUIRIES = [
  { name: "陈工", company: "宁波恒达汽配有限公司", city: "宁波", need: "液压阀块，月 300 件，图纸定制", source: "官网询盘" },
  { name: "周海燕", company: "杭州启明自动化设备有限公司", city: "杭州", need: "阀岛配套油路块 80 件，月底前打样", source: "官网询盘" },
  { name: "孙建国", company: "常州瑞丰液压件厂", city: "常州", need: "现货采购：叠加阀 20 套，问交期和价格", source: "抖音留资" },
  { name: "吴敏", company: "温州正阳泵业有限公司", city: "温州", need: "高压齿轮泵壳体，来图加工，需要样品", source: "400 电话" },
];

// The next enquiry, with a mobile number that nobody had before.
let next = 0;
export function enquiry() {
  const chosen = ENQUIRIES[next++ % ENQUIRIES.length];
  const tail = String(Math.floor(Math.random() * 1e8)).padStart(8, "0");
  return { ...chosen, phone: `139${tail}` };
}
