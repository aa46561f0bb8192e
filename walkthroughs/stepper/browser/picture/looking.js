// Looking around in the picture: bringing a node into sight, zooming and dragging.

function placeOf(i) {
  const view = picture.view;
  return view.nodes[i]?.at ?? view.boxes.find((box) => box.group === picture.into[i])?.at ?? null;
}

// Brings the node at work into sight.
function follow(i = workedOn()) {
  const at = picture.view && i !== undefined && placeOf(i);
  if (!at) return;
  const scroll = byId("scroll");
  const x = (at[0] + picture.view.left) * picture.zoom;
  const y = (at[1] + picture.view.top) * picture.zoom;
  const [marginX, marginY] = [Math.min(90, scroll.clientWidth / 3), Math.min(80, scroll.clientHeight / 3)];
  const inside = (a, start, size, margin) => a > start + margin && a < start + size - margin;
  const inSight = inside(x, scroll.scrollLeft, scroll.clientWidth, marginX) && inside(y, scroll.scrollTop, scroll.clientHeight, marginY);
  if (inSight) return;
  scroll.scrollTo({ left: x - scroll.clientWidth / 2, top: y - scroll.clientHeight / 2 });
  drawInSight();
}

// ---- zoom

function zoomTo(zoom) {
  picture.zoom = Math.min(4, Math.max(0.05, zoom));
  picture.svg.setAttribute("width", picture.view.width * picture.zoom);
  picture.svg.setAttribute("height", picture.view.height * picture.zoom);
}

// About a point of the window, or the middle of what is in sight.
function zoomBy(factor, point = null) {
  if (!picture.view) return;
  const scroll = byId("scroll");
  const [room, svg] = [scroll.getBoundingClientRect(), picture.svg.getBoundingClientRect()];
  const [x, y] = point ?? [room.left + scroll.clientWidth / 2, room.top + scroll.clientHeight / 2];
  const [left, top] = [(x - svg.left) / picture.zoom, (y - svg.top) / picture.zoom];
  const above = svg.top + scroll.scrollTop - room.top;
  zoomTo(picture.zoom * factor);
  scroll.scrollTo(left * picture.zoom - (x - room.left), above + top * picture.zoom - (y - room.top));
  lecture.zoom = picture.zoom;
  drawInSight();
}

const fitting = () => Math.min(byId("scroll").clientWidth / picture.view.width, byId("scroll").clientHeight / picture.view.height);

// Of a picture that is shown first: it is read without zooming, and from the last row in a lecture.
function beginningZoom() {
  if (lecture.on) return lecture.zoom ?? Math.min(2.2, Math.max(1.5, fitting()));
  return Math.min(1.3, Math.max(1, byId("scroll").clientWidth / picture.view.width));
}

function fit() {
  if (!picture.view) return;
  zoomTo(Math.min(lecture.on ? 2.2 : 1.3, fitting()));
  lecture.zoom = picture.zoom;
  drawInSight();
}

function listenToLooking() {
  const scroll = byId("scroll");
  let waiting = false;
  scroll.addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(() => ((waiting = false), drawInSight()));
    waiting = true;
  });
  addEventListener("resize", drawInSight);
  for (const kind of ["beforeprint", "afterprint"]) {
    addEventListener(kind, () => {
      picture.isPrinted = kind === "beforeprint";
      drawInSight();
    });
  }
  const wheel = (event) => {
    if (!lecture.on && !event.ctrlKey) return; // which is how two fingers on a touchpad are told
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), [event.clientX, event.clientY]);
  };
  scroll.addEventListener("wheel", wheel, { passive: false });
  listenToDragging(scroll);
  listenToPinching(scroll);
}

const DRAG = 5; // pixels: less is a click

// With the mouse; fingers scroll.
function listenToDragging(scroll) {
  let from = null;
  scroll.addEventListener("pointerdown", ({ pointerType, button, clientX, clientY }) => {
    if (pointerType === "mouse" && button === 0) from = [clientX + scroll.scrollLeft, clientY + scroll.scrollTop, clientX, clientY];
    picture.isDragged = false;
  });
  addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!from) return;
    picture.isDragged ||= Math.hypot(clientX - from[2], clientY - from[3]) > DRAG;
    if (picture.isDragged) scroll.scrollTo(from[0] - clientX, from[1] - clientY);
  });
  addEventListener("pointerup", () => (from = null));
}

function listenToPinching(scroll) {
  const span = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  let before = 0;
  scroll.addEventListener("touchstart", ({ touches }) => (before = touches.length === 2 ? span(touches) : 0), { passive: true });
  const pinch = (event) => {
    const { touches } = event;
    if (!before || touches.length !== 2) return;
    event.preventDefault();
    zoomBy(span(touches) / before, [(touches[0].clientX + touches[1].clientX) / 2, (touches[0].clientY + touches[1].clientY) / 2]);
    before = span(touches);
  };
  scroll.addEventListener("touchmove", pinch, { passive: false });
}
