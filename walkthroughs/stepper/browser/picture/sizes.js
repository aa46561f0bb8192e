// Colours by the size of the gradients, on demand: where much comes back to, and where little.

function toggleSizes() {
  picture.isSized = !picture.isSized;
  byId("sizes").setAttribute("aria-pressed", picture.isSized);
  byId("legend").hidden = picture.isSized;
  byId("largest").hidden = !picture.isSized;
  paintSizes();
}

// The size of a gradient or of a contribution to one; of an array the largest of its elements'.
function sizeOf(frame, exact) {
  const size = frame ? Math.abs(parsed(frame.array?.scale ?? exact)) : 0;
  return Number.isFinite(size) ? size : 0;
}

function paintSizes() {
  picture.svg?.classList.toggle("sized", picture.isSized);
  if (!picture.isSized) return;
  const { graph, position } = state;
  const sizes = graph.nodes.map((_, i) => sizeOf(gradientOf(i), gradientOf(i)?.totalExact));
  const most = Math.max(...sizes);
  const share = (size) => (most ? Math.sqrt(Math.min(1, size / most)).toFixed(3) : 0); // a hundredth is still seen
  picture.items.forEach(({ element }, i) => element.style.setProperty("--share", share(sizes[i])));
  graph.contributions ??= new Map(graph.frames.map((frame, k) => [`${frame.node} ${frame.position}`, k]));
  picture.edgesInto.forEach((edges) =>
    edges.forEach(({ element, head, tail, position: operand }) => {
      if (!element) return;
      const k = graph.contributions.get(`${head} ${operand}`) ?? Infinity;
      const size = head === tail ? sizes[head] : k < position ? sizeOf(graph.frames[k], graph.frames[k].exact) : 0;
      element.style.setProperty("--share", share(size));
    }),
  );
  byId("largest").textContent = most ? `The darkest has the largest gradient by now, of size ${brief(most)}.` : "No gradient by now.";
}
