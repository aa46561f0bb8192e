// A large graph as a whole, small in a corner: where the picture is, and what is at work.

const FROM = 200; // nodes
const MAP = [170, 120]; // pixels at most

let isMapAwaited = false;

// At most once a frame, however often the picture moves.
function showMap() {
  byId("map").hidden = !lecture.on || !picture.view || state.graph.nodes.length < FROM;
  if (byId("map").hidden || isMapAwaited) return;
  isMapAwaited = true;
  requestAnimationFrame(() => {
    isMapAwaited = false;
    if (picture.view) drawMap();
  });
}

function drawMap() {
  const map = byId("map");
  const { view, zoom } = picture;
  const scale = Math.min(MAP[0] / view.width, MAP[1] / view.height);
  const [width, height] = [Math.max(8, Math.round(view.width * scale)), Math.max(8, Math.round(view.height * scale))];
  if (map.width !== width || map.height !== height) Object.assign(map, { width, height });
  const pen = map.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`);
  const colours = Object.fromEntries(["now", "flowing"].map((name) => [name, colour(`${name}-line`)]));
  Object.assign(colours, { waiting: colour("line"), computed: colour("edge"), partial: colour("gradient"), done: colour("gradient") });
  pen.clearRect(0, 0, width, height);
  const dot = ([x, y, w, h], name, least) => {
    pen.fillStyle = colours[name];
    const [across, high] = [Math.max(least, w * scale), Math.max(least, h * scale)];
    pen.fillRect((x + view.left) * scale - across / 2, (y + view.top) * scale - high / 2, across, high);
  };
  const atWork = [];
  for (const [i, { at }] of Object.entries(view.nodes)) {
    const name = stateOf(Number(i));
    if (name in { now: 0, flowing: 0 }) atWork.push([at, name]);
    else dot(at, name, 1);
  }
  view.boxes.forEach(({ group, at }) => dot(at, picture.boxes.get(group)?.state ?? "computed", 2));
  atWork.forEach(([at, name]) => dot(at, name, 5));
  const scroll = byId("scroll");
  pen.strokeStyle = colour("focus");
  pen.lineWidth = 2;
  pen.strokeRect((scroll.scrollLeft / zoom) * scale, (scroll.scrollTop / zoom) * scale, (scroll.clientWidth / zoom) * scale, (scroll.clientHeight / zoom) * scale);
}

// A pointer on it brings that place into sight.
function listenToMap() {
  const map = byId("map");
  const look = ({ buttons, offsetX, offsetY }) => {
    if (!buttons) return;
    const scroll = byId("scroll");
    const scale = (picture.zoom * picture.view.width) / map.clientWidth;
    scroll.scrollTo(offsetX * scale - scroll.clientWidth / 2, offsetY * scale - scroll.clientHeight / 2);
  };
  for (const kind of ["pointerdown", "pointermove"]) map.addEventListener(kind, look);
}
