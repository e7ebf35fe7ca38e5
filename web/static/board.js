// The board's pictures: drawn once the rest is there, and again after every refresh of the page's inside.
(() => {
  const script = document.currentScript;
  const ink = "#1d2129", soft = "#5b6472", line = "#e3e7ee";
  const colors = { fine: "#2f7d6b", first: "#d98a00", last: "#c0362c", bar: "#2f6fd6" };
  const drawn = [];
  let library;

  const load = () => library ??= new Promise((done, failed) => {
    const one = document.createElement("script");
    Object.assign(one, { src: script.dataset.echarts, onload: done, onerror: failed });
    document.head.append(one);
  });

  const base = (extra) => ({
    animation: false, textStyle: { color: ink, fontFamily: "inherit" }, color: Object.values(colors),
    grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } }, ...extra,
  });
  const values = (name) => ({
    type: "value", minInterval: 1, name, nameTextStyle: { color: soft }, axisLabel: { color: soft }, splitLine: { lineStyle: { color: line } },
  });
  const names = (data, more) => ({ type: "category", data, axisLabel: { color: ink, ...more }, axisTick: { show: false }, axisLine: { lineStyle: { color: line } } });

  const ladder = ({ ladder: rows }) => rows.length && base({
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: ink } },
    xAxis: values(""), yAxis: names(rows.map((row) => row.name).reverse()),
    series: [["期限内", "fine"], ["过了第一级", "first"], ["到了最后一级", "last"]].map(([name, key]) => ({
      name, type: "bar", stack: "all", barMaxWidth: 22, itemStyle: { color: colors[key] }, data: rows.map((row) => row[key]).reverse(),
    })),
  });

  const hours = ({ hours: rows, target }) => rows.length && base({
    xAxis: names(rows.map((row) => `${row.hour} 点`), { hideOverlap: true }), yAxis: values("分钟"),
    series: [{
      name: "中位数（工作分钟）", type: "bar", barMaxWidth: 28, itemStyle: { color: colors.bar }, data: rows.map((row) => row.minutes),
      markLine: target ? {
        symbol: "none", silent: true, lineStyle: { color: colors.last, type: "dashed" },
        label: { formatter: `目标 ${target} 分钟`, color: colors.last, position: "insideEndTop" }, data: [{ yAxis: target }],
      } : undefined,
    }],
  });

  async function draw() {
    const place = document.querySelector("[data-charts]");
    if (!place || place.dataset.ready) return;
    place.dataset.ready = "1";
    let found;
    try {
      const answer = await fetch(place.dataset.charts, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      found = await answer.json();
      await load();
    } catch {
      place.hidden = true;
      return;
    }
    drawn.splice(0).forEach((chart) => chart.dispose());
    for (const [name, make] of Object.entries({ ladder, hours })) {
      const at = place.querySelector(`[data-chart=${name}]`);
      const option = make(found);
      at.hidden = !option;
      at.nextElementSibling.hidden = !!option;
      if (!option) continue;
      if (name === "ladder") at.style.height = `${70 + 34 * found.ladder.length}px`;
      const chart = window.echarts.init(at);
      chart.setOption(option);
      drawn.push(chart);
    }
    place.dataset.drawn = drawn.length;
  }

  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  document.addEventListener("htmx:after:swap", draw);
  draw();
})();
