// Draws the last hour of each panel's queries, and again every ten seconds.
"use strict";
const SPAN = 3600, STEP = 15, EVERY = 10000, WIDE = 420, HIGH = 140, LEFT = 52, BELOW = 18;
const COLOURS = ["#2b7ba8", "#c2571a", "#3c8d5a", "#8a4fb0", "#b0902a", "#b03a5b", "#4a8f95", "#7a6a52"];
const SVG = "http://www.w3.org/2000/svg";
const LEAST = {s: 0.01, bytes: 1e6, ratio: 0.01, "per second": 0.1, count: 1};  // the top of an axis, at least

const written = {
  s: v => v >= 1 || v === 0 ? `${+v.toPrecision(3)} s` : `${+(v * 1000).toPrecision(3)} ms`,
  bytes: v => `${+(v / 1e6).toPrecision(3)} MB`,
  ratio: v => `${+(v * 100).toPrecision(3)} %`,
  "per second": v => `${+v.toPrecision(3)} /s`,
  count: v => `${+v.toPrecision(4)}`,
};

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

async function series(figure, end) {
  const found = [];
  for (const query of figure.querySelectorAll("data")) {
    const asked = new URLSearchParams({query: query.value, start: end - SPAN, end, step: STEP});
    const answer = await (await fetch(`../api/v1/query_range?${asked}`)).json();
    for (const {metric, values} of answer.data.result)
      found.push({
        name: query.dataset.legend.replace(/\{(\w+)\}/g, (_, label) => metric[label] ?? ""),
        points: values.map(([at, value]) => [at, Number(value)]).filter(([, value]) => Number.isFinite(value)),
      });
  }
  return found.filter(each => each.points.length);
}

async function draw(figure) {
  const end = Date.now() / 1000, found = await series(figure, end), limits = [figure.dataset.amber, figure.dataset.red];
  const most = Math.max(LEAST[figure.dataset.unit], ...found.flatMap(each => each.points.map(([, value]) => value))) * 1.1;
  const x = at => LEFT + (at - end + SPAN) / SPAN * (WIDE - LEFT), y = value => (HIGH - BELOW) * (1 - value / most) + 4;
  const svg = drawn("svg", {viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": "the last hour"});
  for (const share of [0, 0.5, 1]) {
    const value = most * share;
    svg.append(drawn("line", {x1: LEFT, x2: WIDE, y1: y(value), y2: y(value), class: "axis"}));
    svg.append(drawn("text", {x: LEFT - 5, y: y(value) + 4, "text-anchor": "end"}, written[figure.dataset.unit](value)));
  }
  for (const minutes of [60, 30, 0]) {
    const at = new Date((end - minutes * 60) * 1000).toTimeString().slice(0, 5);
    svg.append(drawn("text", {x: x(end - minutes * 60), y: HIGH, "text-anchor": minutes === 60 ? "start" : minutes ? "middle" : "end"}, at));
  }
  limits.forEach((limit, n) => {
    if (limit !== undefined && Number(limit) <= most)
      svg.append(drawn("line", {x1: LEFT, x2: WIDE, y1: y(limit), y2: y(limit), class: "limit", stroke: `var(--${n ? "red" : "amber"})`}));
  });
  found.forEach((each, n) => {
    const line = drawn("polyline", {
      points: each.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
      fill: "none", stroke: COLOURS[n % COLOURS.length], "stroke-width": 1.6,
    });
    line.append(drawn("title", {}, `${each.name}: ${written[figure.dataset.unit](each.points.at(-1)[1])}`));
    svg.append(line);
  });
  const legend = document.createElement("ul");
  found.forEach((each, n) => {
    const name = document.createElement("li");
    name.textContent = each.name;
    name.style.setProperty("--colour", COLOURS[n % COLOURS.length]);
    legend.append(name);
  });
  for (const old of figure.querySelectorAll("svg, ul")) old.remove();
  figure.append(svg, legend);
}

async function all() {
  await Promise.allSettled([...document.querySelectorAll("figure")].map(draw));
  setTimeout(all, EVERY);
}
all();
