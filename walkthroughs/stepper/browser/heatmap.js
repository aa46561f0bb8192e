// Arrays: a heat map with its numbers in the cells while they fit, or pictures where the data is pictures, with shape,
// least, greatest and mean element; and a product of matrices as three of them.

// From the low end over the middle to the high end; what is not a number is magenta.
const SCALES = {
  value: [[33, 102, 172], [247, 247, 247], [178, 24, 43]],
  image: [[0, 0, 0], [128, 128, 128], [255, 255, 255]],
};
const NOT_A_NUMBER = [255, 0, 255];

function colour(level, scale) {
  if (level === 0) return NOT_A_NUMBER;
  const part = (level - 1) / 127;
  const [from, to] = part < 1 ? [scale[0], scale[1]] : [scale[1], scale[2]];
  const t = part < 1 ? part : part - 1;
  return from.map((c, i) => Math.round(c + (to[i] - c) * t));
}

const colourOf = ({ cells }, i, scale) => colour(parseInt(cells.substr(2 * i, 2), 16), scale);

function canvasOf(map, scale, size) {
  const { rows, columns } = map;
  const canvas = element("canvas", { width: columns, height: rows, class: "map" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) image.data.set([...colourOf(map, i, scale), 255], 4 * i);
  context.putImageData(image, 0, 0);
  const cell = Math.max(1, Math.min(size, Math.floor(205 / columns), Math.floor(200 / rows)));
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${rows * cell}px`;
  return canvas;
}

// How light a colour is to the eye, from 0 to 1; above 0.179, black has more contrast with it than white.
function lightness(shade) {
  const parts = shade.map((c) => (c / 255 <= 0.04 ? c / 3295 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}

// The numbers in cells of their colours.
function tableOf({ map, written }) {
  const table = element("table", { class: "matrix" });
  written.forEach((row, i) => {
    const cells = row.map((number, j) => {
      const shade = colourOf(map, i * row.length + j, SCALES.value);
      const cell = element("td", {}, number);
      Object.assign(cell.style, { background: `rgb(${shade})`, color: lightness(shade) > 0.179 ? "black" : "white" });
      return cell;
    });
    table.append(element("tr", {}, ...cells));
  });
  return table;
}

// A table that may be wider than its place: then it is scrolled, and what is out of sight is counted. Of a matrix as many
// columns are seen as fit, each whole, and dots beside them.
function scrolled(table, name) {
  const isMatrix = table.matches(".matrix");
  const wide = element("div", { class: "wide", role: "group", "aria-label": name }, table);
  const beyond = element("p", { class: "beyond", hidden: "" });
  const measure = () => {
    const right = wide.scrollLeft + wide.clientWidth + 1;
    const cells = [...table.rows[0].cells];
    const ends = cells.map((cell) => cell.offsetLeft + cell.offsetWidth);
    const fits = isMatrix && ends.at(-1) > right ? right - DOTS : right;
    const hidden = ends.filter((end) => end > fits).length;
    const seen = Math.max(0, ...ends.filter((end) => end <= fits));
    beyond.hidden = wide.scrollWidth <= wide.clientWidth + 1;
    wide.classList.toggle("cut", hidden > 0 && !isMatrix);
    const before = Math.max(0, ...cells.map(({ offsetLeft, offsetWidth }) => (offsetLeft < wide.scrollLeft - 2 ? offsetLeft + offsetWidth - wide.scrollLeft : 0)));
    wide.style.clipPath = isMatrix && !beyond.hidden ? `inset(0 ${right - 1 - seen}px 0 ${before}px)` : "";
    around.classList.toggle("dotted", hidden > 0 && isMatrix);
    around.style.setProperty("--seen", `${seen - wide.scrollLeft}px`);
    beyond.textContent = hidden ? `${hidden} more column${hidden > 1 ? "s" : ""} →` : "← the first columns";
    wide.toggleAttribute("tabindex", !beyond.hidden);
    if (!beyond.hidden) wide.tabIndex = 0;
  };
  new ResizeObserver(measure).observe(wide);
  wide.addEventListener("scroll", measure);
  wide.addEventListener("keydown", (event) => /^Arrow(Left|Right)$/.test(event.key) && event.stopPropagation());
  const around = element("div", { class: "around" }, beyond, wide);
  return around;
}

const DOTS = 16; // pixels

// What a panel holds made anew: what it says of the same thing stays scrolled as it was, and what is lit is in sight.
function refill(panel, about, ...children) {
  const wides = () => [...panel.querySelectorAll(".wide")];
  const lefts = panel.dataset.about === about ? wides().map(({ scrollLeft }) => scrollLeft) : [];
  panel.dataset.about = about;
  panel.replaceChildren(...children);
  wides().forEach((wide, k) => {
    const cell = wide.querySelector(".lit");
    if (lefts[k]) wide.scrollLeft = lefts[k];
    else if (cell) bringIntoSight(cell);
  });
}

const numbers = { areShown: false, few: 256 }; // of arrays of more than a few elements: in place of their maps

const isFew = ({ written }) => written.length * written[0].length <= numbers.few;

// What there is to say about an array: its numbers in cells, where there is room or the reader asks, or its map.
function arrayView(array, name, isTip = false) {
  const figure = element("figure", { class: "array", "aria-label": `${name}, shape ${array.shape}` });
  const told = isTip ? null : element("p", { class: "cell", "aria-live": "polite" }, "Its numbers do not fit: point at a cell, or go there with the arrow keys.");
  if (array.images) {
    figure.classList.add("of-images");
    const images = element("div", { class: "images" });
    array.images.forEach((image, k) => images.append(explored(canvasOf(image, ...(array.scale ? [SCALES.value, Math.max(4, Math.floor(56 / image.columns))] : [SCALES.image, 4])), image, array, told, k)));
    if (array.more > 0) images.append(element("span", {}, `and ${array.more} more`));
    figure.append(images, told ?? "");
  } else if (array.map && array.written && (isFew(array) || numbers.areShown)) figure.append(scrolled(tableOf(array), `${name}, in numbers`));
  else if (array.map) figure.append(explored(canvasOf(array.map, SCALES.value, 22), array.map, array, told), told ?? "");
  if (array.written && !isFew(array) && !isTip) figure.append(numbersButton());
  if (array.scale && array.scale !== "0") {
    figure.append(element("p", { class: "scale" }, element("span", {}, `−${array.scale}`), element("i"), element("span", {}, array.scale)));
  }
  const nan = array.nan ? `, ${array.nan} not a number` : "";
  figure.append(element("figcaption", {}, `${name} ${array.shape} ${array.dtype}: min ${array.min}, max ${array.max}, mean ${array.mean}${nan}`));
  return figure;
}

function numbersButton() {
  const toggle = () => {
    numbers.areShown = !numbers.areShown;
    state.graph.training ? showTraining() : showNode();
  };
  return element("button", { type: "button", class: "in-numbers", "aria-pressed": numbers.areShown, onclick: toggle }, "In numbers");
}

// A map, or the `which`-th of several, whose cells say what they are: under a pointer or a finger, or by the arrow keys.
function explored(canvas, map, array, told, which = 0) {
  if (!told) return canvas;
  const mark = element("i", { class: "at", hidden: "" });
  const at = { row: 0, column: 0 };
  const show = (row, column) => {
    Object.assign(at, { row: Math.max(0, Math.min(map.rows - 1, row)), column: Math.max(0, Math.min(map.columns - 1, column)) });
    told.textContent = saidOf(array, map, at, which);
    mark.hidden = false;
    const [width, height] = [canvas.clientWidth / map.columns, canvas.clientHeight / map.rows];
    Object.assign(mark.style, { left: `${1 + at.column * width}px`, top: `${1 + at.row * height}px`, width: `${width}px`, height: `${height}px` });
  };
  const pointed = ({ offsetX, offsetY }) => show(Math.floor((offsetY * map.rows) / canvas.clientHeight), Math.floor((offsetX * map.columns) / canvas.clientWidth));
  for (const kind of ["pointermove", "pointerdown"]) canvas.addEventListener(kind, pointed);
  for (const [name, value] of Object.entries({ tabindex: 0, role: "img", "aria-label": `${map.rows} by ${map.columns} cells: the arrow keys choose one` })) canvas.setAttribute(name, value);
  canvas.addEventListener("keydown", (event) => withArrows(event, (down, along) => show(at.row + down, at.column + along)));
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && show(at.row, at.column));
  canvas.addEventListener("blur", () => (mark.hidden = true));
  return element("div", { class: "mapped" }, canvas, mark);
}

function withArrows(event, go) {
  const [down, along] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
  if (down === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  go(down, along);
}

// [12, 3] = 0.4519; of a block its mean, and of what has no number in writing what its colour says.
function saidOf(array, map, { row, column }, which) {
  const shape = array.shape.match(/\d+/g).map(Number);
  const leading = !array.images ? 0 : shape.length === 4 ? 2 : 1;
  const [lead, dims] = [unravelled(which, shape.slice(0, leading)), shape.slice(leading)];
  const count = dims.reduce((a, b) => a * b, 1);
  const level = parseInt(map.cells.substr(2 * (row * map.columns + column), 2), 16);
  const [low, high] = array.scale ? [-array.scale, Number(array.scale)] : [Number(array.min), Number(array.max)];
  const number = level ? `about ${general(low + ((level - 1) / 254) * (high - low), 2)}` : "nan";
  if (map.rows * map.columns < count) {
    const part = (k, cells, all) => [Math.floor((k * all) / cells), Math.floor(((k + 1) * all) / cells) - 1];
    const said = ([first, last], name) => (first === last ? `${name} ${first}` : `${name}s ${first} to ${last}`);
    const columns = dims.at(-1);
    return `${lead.length ? `[${lead.join(", ")}] ` : ""}${said(part(row, map.rows, count / columns), "row")}, ${said(part(column, map.columns, columns), "column")}: mean ${number}`;
  }
  const place = row * map.columns + column;
  const written = array.written?.flat()[which * count + place]; // of an image, whose rows are not those of the array
  return `[${[...lead, ...unravelled(place, dims)].join(", ")}] ${written === undefined ? `is ${number}` : `= ${written}`}`;
}

// The index of the k-th element of an array of a shape.
function unravelled(k, shape) {
  return shape.map((_, i) => Math.floor(k / shape.slice(i + 1).reduce((a, b) => a * b, 1)) % shape[i]);
}

// ---- a product of matrices

// The product that a step computes, [left, right, result, and what is added], each {name, array}; null where it is none.
function productOf(frame) {
  const { nodes } = state.graph;
  if (!frame?.shape) return null;
  const isForward = frame.kind === "forward";
  const { op, inputs } = nodes[frame.node];
  if (isForward && !["@", "linear"].includes(op)) return null;
  const names = isForward ? inputs.map((i) => nodes[i].name) : factorsOf(frame.names);
  const parts = names.slice(0, 2).map((name) => ({ name, array: arrayCalled(name) }));
  parts.push({ name: frame.left, array: isForward ? nodes[frame.node].array : frame.of === 1 ? frame.array : null });
  if (isForward && inputs[2] !== undefined) parts.push({ name: names[2], array: nodes[inputs[2]].array });
  if (parts.length < 3 || !parts.every(({ array }) => array?.written && isFew(array))) return null;
  const [[m, n], [k, l], [rows, columns]] = parts.map(({ array: { written } }) => [written.length, written[0].length]);
  return n === k && rows === m && columns === l ? parts : null; // of vectors there is no such picture
}

// A cell whose table is scrolled.
function bringIntoSight({ offsetLeft, offsetWidth, parentNode }) {
  const wide = parentNode.closest(".wide");
  const [right, room] = [offsetLeft + offsetWidth + DOTS, wide?.clientWidth];
  if (wide && (offsetLeft < wide.scrollLeft || right > wide.scrollLeft + room)) wide.scrollLeft = Math.min(offsetLeft, right - room);
}

// What stands on both sides of a formula's one @ outside parentheses; [] if there is none.
function factorsOf(text) {
  const sides = text.split(" @ ");
  const isClosed = (part) => part.split("(").length === part.split(")").length;
  const cuts = sides.map((_, i) => [sides.slice(0, i).join(" @ "), sides.slice(i).join(" @ ")]).slice(1).filter(([left]) => isClosed(left));
  return cuts.length === 1 ? cuts[0] : [];
}

// The array of a node, of a gradient as it is by now, or of either transposed.
function arrayCalled(text) {
  const { nodes } = state.graph;
  const name = text.replace(/\.T$/, "").replace(/^\((.*)\)$/, "$1");
  const of = (i) => (nodes[i].name === name ? nodes[i].array : nodes[i].derivative === name ? gradientOf(i)?.array : null);
  const array = nodes.map((_, i) => of(i)).find(Boolean);
  return array && text.endsWith(".T") ? transposed(array) : array;
}

function transposed({ map, written, ...rest }) {
  if (!written) return null;
  const across = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const cells = across(inRows(map.cells.match(/../g), map.columns)).flat().join("");
  return { ...rest, shape: `(${map.columns}, ${map.rows})`, map: { rows: map.columns, columns: map.rows, cells }, written: across(written) };
}

const lit = { row: 0, column: 0 }; // of the product's element at work

// Three matrices, in which the row and the column of one element of the product are lit, and that element's sum.
function productView(frame) {
  const parts = productOf(frame);
  if (!parts) return null;
  const [left, right, made, added] = parts;
  const tables = parts.slice(0, 3).map(({ array }) => tableOf(array));
  const sum = element("p", { class: "sum", "aria-live": "polite" });
  const show = (row, column) => {
    Object.assign(lit, { row: Math.min(row, made.array.written.length - 1), column: Math.min(column, made.array.written[0].length - 1) });
    const marks = [(i) => i === lit.row, (_, j) => j === lit.column, (i, j) => i === lit.row && j === lit.column];
    tables.forEach((table, k) => [...table.rows].forEach((cells, i) => [...cells.cells].forEach((cell, j) => cell.classList.toggle("lit", marks[k](i, j)))));
    tables.slice(1).forEach((table) => bringIntoSight(table.querySelector(".lit")));
    const terms = left.array.written[lit.row].map((number, k) => appliedTo({ op: "*" }, [number, right.array.written[k][lit.column]]));
    if (added) terms.push(added.array.written.at(-1)[lit.column]);
    const shown = terms.length > 6 ? [...terms.slice(0, 5), "…", terms.at(-1)] : terms;
    const inAll = shown.map((term, k) => (k && term.startsWith("-") ? `(${term})` : term)).join(" + ");
    sum.textContent = `row ${lit.row + 1}, column ${lit.column + 1}: ${inAll} = ${made.array.written[lit.row][lit.column]}`;
  };
  const result = tables[2];
  result.tabIndex = 0;
  result.setAttribute("aria-label", `${made.name}: the arrow keys choose an element`);
  const choose = ({ target }) => target.matches("td") && show(target.parentNode.rowIndex, target.cellIndex);
  for (const kind of ["pointerover", "click"]) result.addEventListener(kind, choose);
  result.addEventListener("keydown", (event) => withArrows(event, (down, along) => show(Math.max(0, lit.row + down), Math.max(0, lit.column + along))));
  show(lit.row, lit.column);
  const named = tables.map((table, k) => element("figure", {}, element("figcaption", {}, `${parts[k].name} ${parts[k].array.shape}`), scrolled(table, `${parts[k].name}, in numbers`)));
  const signs = ["@", added ? `+ ${added.name} =` : "="].map((sign) => element("span", { class: "sign" }, sign));
  return element("div", { class: "product" }, sum, element("div", { class: "factors" }, named[0], signs[0], named[1], signs[1], named[2]));
}
