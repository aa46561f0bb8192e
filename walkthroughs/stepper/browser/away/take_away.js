// What is taken away: the picture at this step, this step and the whole chain as text and as LaTeX, a link. All of it is
// made on the page.

const [SHARPNESS, LONGEST_SIDE, MOST_DOTS] = [2, 16_000, 6e7]; // of a bitmap: dots for each of the picture's points, and limits
const [ROWS, FULL] = [10, 72]; // of an align*: rows, and characters in one
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor", "opacity"];
const MIXED = /color\(srgb ([\d.]+) ([\d.]+) ([\d.]+)\)/; // which other programs than browsers do not know

// ---- in writing

const lineIn = (frame) => formulaOf(frame).map((part) => part.textContent ?? part).join("");
const takenFrames = () => (byId("part").value === "step" ? [frameAt()].filter(Boolean) : state.graph.frames);

function takenText() {
  const what = byId("part").value;
  if (what === "score") return scoreSheet();
  if (byId("kind").value === "LaTeX") return texOfFrames(takenFrames());
  if (state.graph.training) return textOfTraining();
  return what === "step" ? ["where", "formula", "note"].map((id) => byId(id).textContent).filter(Boolean).join("\n") : textOfChain();
}

// As Python's `step(root).text()` has it.
function textOfChain() {
  const { frames } = state.graph;
  const width = String(frames.length).length + 2;
  const lines = frames.flatMap((frame, i) => {
    const head = frame.kind === "turn" ? ["", "Backward pass"].slice(i ? 0 : 1) : i ? [] : ["Forward pass"];
    const tail = frame.of > 1 ? `    ${frame.nth} of ${frame.of}, sum ${frame.total}` : "";
    return [...head, `${String(i + 1).padStart(width)}  ${lineIn(frame)}${tail}`];
  });
  return lines.join("\n");
}

function textOfTraining() {
  const { training } = state.graph;
  const only = byId("part").value === "step" ? state.position - 1 : null;
  return training.updates
    .flatMap((entries, i) => {
      if (only !== null && i !== only) return [];
      const rules = entries.map((entry) => `  ${entry.rule}${entry.numbers ? ` = ${entry.numbers}` : `    ${entry.after.text}`}`);
      return [`step ${training.steps[i]}: loss = ${training.losses[i]}`, ...rules];
    })
    .join("\n");
}

// For the body of a document with amsmath.
function texOfFrames(frames) {
  const turn = frames.length > 1 ? frames.findIndex(({ kind }) => kind === "turn") : -1;
  const passes = turn > 0 ? [["Forward pass", frames.slice(0, turn)], ["Backward pass", frames.slice(turn)]] : [["", frames]];
  const aligned = (rows) => `\\begin{align*}\n${rows.map(texOfFrame).join(" \\\\\n")}\n\\end{align*}`;
  const blocks = passes.flatMap(([name, rows]) => {
    const parts = Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, i) => aligned(rows.slice(ROWS * i, ROWS * (i + 1))));
    return name ? [`\\paragraph{${name}}`, ...parts] : parts;
  });
  return ["% needs \\usepackage{amsmath}", ...blocks].join("\n");
}

// A row, or several where it would be too wide: a formula, then its numbers, then what is said of the sum.
function texOfFrame(frame) {
  const { left, names, numbers, result, sign, shape, kind, nth, of, total } = frame;
  const rights = [];
  if (names) rights.push([names, `${sign === "=" ? "=" : "\\mathrel{+}="} ${latexOf(names)}`]);
  if (numbers) rights.push([numbers, shape ? `\\quad ${latexOf(numbers)} \\to ${latexOf(result)}` : `= ${latexOf(numbers)}`]);
  if (!shape) rights.push([result, `= ${latexOf(result)}`]);
  if (kind === "backward" && of > 1) rights.push(["xxxxxxxxxxxxxxx", `\\quad \\text{(${nth} of ${of}${shape ? "" : `, sum $${latexOf(total)}$`})}`]);
  const isLong = left.length > FULL / 2;
  let row = isLong ? `  & ${latexOf(left)} \\\\\n  & \\quad` : `  ${latexOf(left)} &`;
  let room = FULL - (isLong ? 0 : left.length);
  rights.forEach(([text, tex], i) => {
    if (i && text.length > room) {
      row += isLong ? " \\\\\n  & \\quad" : " \\\\\n  &";
      room = FULL;
    }
    room -= text.length + 3;
    row += ` ${tex}`;
  });
  return row;
}

// ---- the picture

const drawnNow = () => (state.graph.training ? document.querySelector("#training .curve") : picture.view && picture.svg);

// What is drawn, as a file of its own: {text, width, height}.
function takenSvg() {
  const { training } = state.graph;
  const drawn = drawnNow();
  if (!training) drawAll();
  const copy = drawn.cloneNode(true);
  const inside = (svg) => [...svg.querySelectorAll("*")];
  const copies = inside(copy);
  inside(drawn).forEach((element, i) => styled(copies[i], getComputedStyle(element)));
  if (!training) drawInSight();
  const [left, top, width, height] = training ? drawn.getAttribute("viewBox").split(" ").map(Number) : [0, 0, picture.view.width, picture.view.height];
  const ground = svgElement("rect", { x: left, y: top, width, height, fill: getComputedStyle(byId("picture")).backgroundColor });
  for (const { name } of [...copy.attributes]) copy.removeAttribute(name);
  for (const [name, value] of Object.entries({ viewBox: `${left} ${top} ${width} ${height}`, width, height })) copy.setAttribute(name, value);
  copy.prepend(svgElement("title", {}, `${document.title}. ${byId("where").textContent}. ${byId("formula").textContent}`), ground);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

function styled(element, style) {
  for (const { name } of [...element.attributes]) if (/^(class|id|tabindex|role|style|data-.*|aria-.*)$/.test(name)) element.removeAttribute(name);
  if (/^(g|title)$/.test(element.tagName) && style.opacity === "1") return;
  for (const name of STYLES) {
    const value = style.getPropertyValue(name).replace(MIXED, (_, ...parts) => `rgb(${parts.slice(0, 3).map((part) => Math.round(255 * part))})`);
    const isUsual = { stroke: "none", "stroke-dasharray": "none", opacity: "1" }[name] === value;
    if (!isUsual && (element.tagName === "text" || !/^(font|text)/.test(name))) element.setAttribute(name, value);
  }
}

function drawAll() {
  picture.parts.filter((part) => !part.element).forEach(drawPart);
  for (const i of picture.items.keys()) paint(i);
  paintBoxes();
  paintEdges();
}

const scaleOf = ({ width, height }) => Math.min(SHARPNESS, LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_DOTS / (width * height)));

function takenPng({ text, width, height }) {
  const scale = scaleOf({ width, height });
  const canvas = element("canvas", { width: Math.round(scale * width), height: Math.round(scale * height) });
  const image = new Image();
  return new Promise((done, fail) => {
    image.onerror = fail;
    image.onload = () => {
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => (blob ? done(blob) : fail()), "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

async function savePng() {
  const svg = takenSvg();
  try {
    save(await takenPng(svg), "png", "image/png");
    if (scaleOf(svg) < SHARPNESS) byId("told").append(` It is so large that it has ${brief(scaleOf(svg))} dots a point, not ${SHARPNESS}.`);
  } catch {
    tellTaken("The browser makes no bitmap of this picture; SVG has no limits.");
  }
}

// ---- copied and saved

async function copy(text, what) {
  try {
    await (parent === window ? navigator.clipboard.writeText(text) : Promise.reject()); // frames may not
    tellTaken(`${what} is copied.`);
  } catch {
    byId("taking").value = text;
    byId("taking").select();
    tellTaken(document.execCommand("copy") ? `${what} is copied.` : "The browser copies nothing here: what is selected can be copied by hand.");
  }
}

function save(content, suffix, type) {
  const stem = document.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "step";
  const which = byId("part").value === "chain" && /txt|tex/.test(suffix) ? "" : `-${state.position}`;
  const link = element("a", { href: URL.createObjectURL(new Blob([content], { type })), download: `${stem}${which}.${suffix}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  tellTaken(`${link.download} is saved.`);
}

const tellTaken = (words) => (byId("told").textContent = words);

// What would be copied or saved, if the panel is open.
function showTaken() {
  if (byId("taken").hidden) return;
  const isScore = byId("part").value === "score";
  byId("kind").disabled = isScore || Boolean(state.graph.training);
  if (byId("kind").disabled) byId("kind").value = "text";
  byId("taking").value = takenText();
  for (const id of ["svg", "png"]) byId(id).disabled = !drawnNow();
  byId("link").hidden = location.protocol === "about:";
}

function toggleTaken() {
  byId("taken").hidden = !byId("taken").hidden;
  byId("take").setAttribute("aria-expanded", !byId("taken").hidden);
  tellTaken("");
  showTaken();
}

function listenToTaking() {
  const actions = {
    take: toggleTaken,
    copy: () => copy(takenText(), "It"),
    save: () => save(`${takenText()}\n`, byId("kind").value === "LaTeX" ? "tex" : "txt", "text/plain"),
    svg: () => save(takenSvg().text, "svg", "image/svg+xml"),
    png: savePng,
    link: () => copy(location.href.replace(/#.*|$/, addressNow()), "The link"),
  };
  for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", () => action());
  for (const id of ["part", "kind"]) byId(id).addEventListener("change", showTaken);
}
