"use strict";
// The page of a run: curves, strips of histograms, tiles, and under each heading what is wrong.

const COLOURS = ["light-dark(#0b5cad, #6fb0f5)", "light-dark(#b44b00, #ffac5e)", "light-dark(#1c7c35, #69d487)", "light-dark(#6a3ab2, #c4a3ff)", "light-dark(#8a6a00, #d9b33c)", "light-dark(#a02c6b, #f59ac6)", "light-dark(#00707a, #62d0da)", "light-dark(#5a6068, #a9b0b8)"];
const WORDS = { running: "Training goes on; this page follows it.", finished: "Training has ended.", interrupted: "Training was interrupted.", diverged: "Training ended, for the loss was no longer finite." };
const EVERY = 1500; // milliseconds from one look for new data to the next
const byId = (id) => document.getElementById(id);
let data = null;

function element(name, options = {}, ...children) {
  return fill(document.createElement(name), options, children);
}

function drawn(name, options = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), options, children);
}

function fill(made, options, children) {
  for (const [key, value] of Object.entries(options)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const short = (x) => (x === null ? "none" : Math.abs(x) >= 1e4 || (x && Math.abs(x) < 1e-3) ? x.toExponential(1) : String(+x.toPrecision(3)));

// Several series [[x, y], ...] in one picture; y is a logarithm where they span orders of magnitude.
function curves(name, series, { log = false, share = false } = {}) {
  const [width, height, left, bottom, top, right] = [360, 190, 46, 32, 8, 8];
  const known = (y) => y !== null && (!log || y > 0);
  const points = series.flatMap(({ points }) => points.filter(([, y]) => known(y)));
  if (!points.length) return element("p", { class: "guide" }, "No numbers yet.");
  const scale = log ? Math.log10 : (y) => y;
  const end = Math.max(1, ...points.map(([x]) => x));
  const usual = points.map(([, y]) => scale(y)).sort((a, b) => a - b);
  let low = log ? Math.floor(usual[0]) : Math.min(0, usual[0]);
  let high = log ? Math.ceil(usual.at(-1)) : share ? 1 : usual[Math.floor(0.98 * (usual.length - 1))] * 1.05;
  if (high <= low) high = low + 1;
  const x = (value) => left + ((width - left - right) * value) / end;
  const y = (value) => height - bottom - ((height - bottom - top) * (Math.min(high, Math.max(low, scale(value))) - low)) / (high - low);
  const said = series.map(({ label, points }) => `${label} ${short(points.findLast(([, y]) => y !== null)?.[1] ?? null)}`).join(", ");
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${name}, last: ${said}` });
  const step = log ? Math.max(1, Math.ceil((high - low) / 5)) : (high - low) / 4;
  for (let tick = low; tick <= high + 1e-9; tick += step) {
    const at = y(log ? 10 ** tick : tick);
    svg.append(drawn("line", { x1: left, x2: width - right, y1: at, y2: at, class: "grid" }));
    svg.append(drawn("text", { x: left - 5, y: at + 4, "text-anchor": "end" }, log ? `1e${tick}` : share ? `${Math.round(100 * tick)} %` : short(tick)));
  }
  svg.append(drawn("text", { x: left, y: height - 17, "text-anchor": "middle" }, "0"));
  svg.append(drawn("text", { x: width - right, y: height - 17, "text-anchor": "end" }, short(end)));
  svg.append(drawn("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, "epoch"));
  series.forEach(({ points, thin, colour }) => {
    let pen = "M";
    const path = points.map(([at, value]) => {
      if (!known(value)) return ((pen = "M"), "");
      const move = `${pen}${x(at).toFixed(1)},${y(value).toFixed(1)}`;
      pen = "L";
      return move;
    });
    svg.append(drawn("path", { d: path.join("") || "M0,0", class: thin ? "series thin" : "series", style: `--c: ${colour}` }));
    if (!thin && points.length < 30) points.filter(([, value]) => known(value)).forEach(([at, value]) => svg.append(drawn("circle", { cx: x(at), cy: y(value), r: 2.5, style: `--c: ${colour}` })));
  });
  const legend = element("ul", { class: "legend" }, ...series.map(({ label, colour }) => element("li", {}, element("i", { style: `--c: ${colour}` }), label)));
  return element("div", {}, svg, legend);
}

// A quantity of each layer, or activation, over all looks.
function byName(group, quantity) {
  const names = Object.keys(data.looks.at(-1)?.[group] ?? {});
  const series = names.map((name, i) => ({ label: name, colour: COLOURS[i % COLOURS.length], points: data.looks.map((look) => [look.epoch, look[group][name]?.[quantity] ?? null]) }));
  return series.filter(({ points }) => points.some(([, y]) => y !== null));
}

function perEpoch(measure) {
  return [["train", "training"], ["validation", data.heldOut]].map(([part, label], i) => ({ label, colour: COLOURS[i], points: data.epochs.map((epoch) => [epoch.epoch, epoch[`${part}_${measure}`]]) }));
}

// How far an axis goes for columns of these ends: the first looks, often much wider, are cut.
function reach(ends) {
  const sorted = [...ends].sort((a, b) => a - b);
  const [middle, most] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return middle > 0 ? Math.min(most, 3 * middle) : most;
}

// Histograms over time: a column a look, the more the darker.
function strip(name, histograms) {
  const seen = histograms.filter(({ counts }) => counts.length);
  const [low, high] = [-reach(seen.map((each) => -each.low)), reach(seen.map((each) => each.high))];
  const canvas = element("canvas", { width: 2 * histograms.length, height: 120, class: "strip", role: "img", "aria-label": `${name}, from ${short(low)} to ${short(high)}` });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).color;
  const span = high - low || 1;
  histograms.forEach((each, i) => {
    const bin = (each.high - each.low) / each.counts.length;
    each.counts.forEach((count, k) => {
      context.globalAlpha = Math.sqrt(count / 99);
      const top = 120 * (1 - (each.low + (k + 1) * bin - low) / span);
      context.fillRect(2 * i, top, 2, Math.max(1, (120 * bin) / span));
    });
  });
  const first = data.looks[0].epoch, last = data.looks.at(-1).epoch;
  const ends = element("p", { class: "ends" }, element("span", {}, `${short(low)} to ${short(high)}`), element("span", {}, `epoch ${short(first)} to ${short(last)}`));
  return [element("h3", {}, name), canvas, ends];
}

function layerPanels() {
  const last = data.looks.at(-1);
  const names = new Set([...Object.keys(last?.layers ?? {}), ...Object.keys(last?.activations ?? {})]);
  return [...names].map((name) => {
    const panel = element("section", { "data-panel": `layer ${name}` }, element("h2", {}, name));
    const parts = [["activations", "values", `${last.activations[name]?.kind} values`], ["layers", "gradient", "gradient by the weights"]];
    for (const [group, quantity, title] of parts) {
      if (last[group][name]) panel.append(...strip(title, data.looks.map((look) => look[group][name][quantity])));
    }
    return panel;
  });
}

function tile(levels, [rows, columns]) {
  const canvas = element("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const part = (parseInt(levels.substr(2 * i, 2), 16) - 127) / 127;
    const end = part < 0 ? [33, 102, 172] : [178, 24, 43];
    image.data.set([...end.map((c) => Math.round(247 + (c - 247) * Math.abs(part))), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function showTiles() {
  const { epoch, shape, largest, levels } = data.tiles[byId("epoch").value];
  byId("shown").textContent = epoch;
  byId("largest").textContent = short(largest);
  byId("epoch").setAttribute("aria-valuetext", `epoch ${epoch}`);
  byId("pictures").replaceChildren(...levels.map((each) => tile(each, shape)));
}

// The slider stays where it is, or at the last epoch if it was there.
function newTiles() {
  byId("tiles").hidden = !data.tiles.length;
  if (!data.tiles.length) return;
  const slider = byId("epoch");
  const atEnd = slider.value === slider.max;
  slider.max = data.tiles.length - 1;
  if (atEnd) slider.value = slider.max;
  showTiles();
}

function show(found) {
  data = found;
  byId("state").textContent = `${WORDS[data.state]} ${data.epochs.length ? `Epoch ${data.epochs.at(-1).epoch} is done.` : ""}`;
  const batches = { label: "each batch", colour: COLOURS[7], thin: true, points: data.batches };
  const looks = { label: "instances looked at", colour: COLOURS[2], points: data.looks.map((look) => [look.epoch, look.accuracy]) };
  const units = [["dead", byName("activations", "dead")], ["saturated", byName("activations", "saturated")]].flatMap(([word, series]) => series.map((each) => ({ ...each, label: `${each.label}, ${word}` })));
  const pictures = {
    loss: curves("Loss", [batches, ...perEpoch("loss")]),
    accuracy: curves("Accuracy", [looks, ...perEpoch("accuracy")], { share: true }),
    gradient: curves("Gradient norm", byName("layers", "norm"), { log: true }),
    ratio: curves("Update / weights", byName("layers", "ratio"), { log: true }),
    units: units.length ? curves("Dead and saturated", units, { share: true }) : "No ReLU, sigmoid or tanh is among the layers.",
  };
  byId("range").textContent = `The inputs go from ${short(data.inputs[0])} to ${short(data.inputs[1])}.`;
  newTiles();
  byId("layers").replaceChildren(...layerPanels());
  for (const panel of document.querySelectorAll("[data-panel]")) {
    const name = panel.dataset.panel;
    if (pictures[name]) {
      panel.querySelector(".picture")?.remove();
      panel.append(element("div", { class: "picture" }, pictures[name]));
    }
    panel.querySelectorAll(".finding").forEach((each) => each.remove());
    const wrong = data.findings.filter((finding) => finding.panel === name);
    panel.classList.toggle("is-wrong", wrong.length > 0);
    panel.querySelector("h2").after(...wrong.map(({ text }) => element("p", { class: "finding" }, text)));
  }
  const count = data.findings.length;
  byId("wrong").classList.toggle("is-wrong", count > 0);
  const verdict = count ? `${count === 1 ? "One thing is" : `${count} things are`} wrong; ${count === 1 ? "it is" : "they are"} marked below.` : "Nothing wrong has been seen.";
  if (byId("wrong").textContent !== verdict) byId("wrong").replaceChildren(element("p", {}, verdict));
}

byId("epoch").addEventListener("input", showTiles);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && show(data));

// The script is put in again and again. When it is gone, the run has ended, and the page itself has all of it.
function follow(script) {
  const part = element("script", { src: `${script}?${Date.now()}` });
  part.onload = () => {
    part.remove();
    setTimeout(follow, EVERY, script);
  };
  part.onerror = () => {
    if (data) location.reload();
    else byId("state").textContent = `Nothing can be shown: ${script}, which brings the numbers, is not beside this page.`;
  };
  document.head.append(part);
}
