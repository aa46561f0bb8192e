// Arrays: a heat map, or pictures where the data is pictures, with shape, least, greatest and mean element.

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

function canvasOf({ rows, columns, cells }, scale, size) {
  const canvas = element("canvas", { width: columns, height: rows, class: "map", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const [r, g, b] = colour(parseInt(cells.substr(2 * i, 2), 16), scale);
    image.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  const cell = Math.max(1, Math.min(size, Math.floor(205 / columns), Math.floor(200 / rows)));
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${rows * cell}px`;
  return canvas;
}

// What there is to say about an array: its map, and its numbers where they are few.
function arrayView(array, name) {
  const figure = element("figure", { class: "array", "aria-label": `${name}, shape ${array.shape}` });
  if (array.images) {
    figure.classList.add("of-images");
    const images = element("div", { class: "images" });
    array.images.forEach((image) => images.append(canvasOf(image, ...(array.scale ? [SCALES.value, Math.max(4, Math.floor(56 / image.columns))] : [SCALES.image, 4]))));
    if (array.more > 0) images.append(element("span", {}, `and ${array.more} more`));
    figure.append(images);
  } else if (array.map) {
    figure.append(canvasOf(array.map, SCALES.value, 22));
  }
  if (array.scale && array.scale !== "0") {
    figure.append(element("p", { class: "scale" }, element("span", {}, `−${array.scale}`), element("i"), element("span", {}, array.scale)));
  }
  if (array.written) {
    const table = element("table", { class: "matrix" });
    array.written.forEach((row) => table.append(element("tr", {}, ...row.map((number) => element("td", {}, number)))));
    figure.append(element("div", { class: "wide" }, table));
  }
  const nan = array.nan ? `, ${array.nan} not a number` : "";
  figure.append(element("figcaption", {}, `${name} ${array.shape} ${array.dtype}: min ${array.min}, max ${array.max}, mean ${array.mean}${nan}`));
  return figure;
}
