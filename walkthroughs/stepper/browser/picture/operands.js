// The numbers of operands whose order matters: each beside its own arrow, and clear of whatever else is there.

const DIGIT = [6, 9]; // points: how wide and high a number is, with a little room
const ASIDE = 6; // of an arrow's line
const SIDES = [1, -1, 1.8, -1.8];
const BACK = [3, 7, 11, 15, 20, 26, 33, 41, 55, 75, 100]; // from an arrow's head

// The middle of an arrow's number. Those of an operator are placed together, when the first of them is drawn.
function placeOfNumber(edge, head) {
  if (!edge.at) placeNumbers(picture.edgesInto.get(head).map((item) => item.edge), picture.view.ops[head]);
  return edge.at;
}

function placeNumbers(edges, [x, y]) {
  const { nodes, ops, boxes } = picture.view;
  const numbers = (picture.view.numbers ??= []); // that are placed
  const near = (places) => places.filter((at) => Math.abs(at[0] - x) < at[2] / 2 + 120 && Math.abs(at[1] - y) < at[3] / 2 + 120);
  const [ovals, rectangles] = [Object.values(ops), [...Object.values(nodes), ...boxes].map(({ at }) => at)].map(near);
  const lines = new Map(edges.map((edge) => [edge, placesAlong(straightened(edge.path))]));
  for (const edge of edges.filter(({ number }) => number)) {
    const others = edges.flatMap((other) => (other === edge ? [] : lines.get(other).map(({ point }) => point)));
    const faults = ([x, y]) => {
      const on = (places) => places.filter((at) => Math.abs(at[0] - x) < (at[2] + DIGIT[0]) / 2 && Math.abs(at[1] - y) < (at[3] + DIGIT[1]) / 2).length;
      return 1000 * on(numbers) + 100 * on(ovals) + 10 * on(rectangles) + others.filter((point) => Math.hypot(point[0] - x, point[1] - y) < ASIDE).length;
    };
    const places = lines.get(edge).flatMap(({ point, aside }) => SIDES.map((side) => [point[0] + side * aside[0], point[1] + side * aside[1]]));
    edge.at = places.reduce((a, b) => (faults(b) < faults(a) ? b : a));
    numbers.push([...edge.at, ...DIGIT]);
  }
}

const placesAlong = (line) => BACK.map((back) => alongArrow(line, back)).filter(Boolean);

// {a point on an arrow, so far back from its head; the way from there to its number}; null before the arrow's beginning.
function alongArrow(line, back) {
  for (let k = line.length - 1; k > 0; k--) {
    const [[x, y], [x0, y0]] = [line[k], line[k - 1]];
    const far = Math.hypot(x - x0, y - y0);
    if (back <= far && far > 0) {
      const t = back / far;
      return { point: [x + t * (x0 - x), y + t * (y0 - y)], aside: [(ASIDE * (y0 - y)) / far, (ASIDE * (x - x0)) / far] };
    }
    back -= far;
  }
  return null;
}

// A path of curves as points that are joined by straight lines.
function straightened(path) {
  const points = pointsIn(path);
  const line = [points[0]];
  for (let k = 3; k < points.length; k += 3) {
    const corners = points.slice(k - 3, k + 1);
    for (let t = 0.125; t <= 1; t += 0.125) line.push([0, 1].map((xy) => corners.reduce((sum, corner, i) => sum + [1, 3, 3, 1][i] * t ** i * (1 - t) ** (3 - i) * corner[xy], 0)));
  }
  return line;
}
