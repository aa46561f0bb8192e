// Two graphs beside each other, each a page of its own in a frame: they step together, and mark where they differ.
// A page tells the one around it what it shows; that hands it on to the other (pair.html).

const beside = {
  differs: new Set(), // nodes
  others: new Map(), // {name: [value, gradient]} of what the other page shows
  isPaired: false, // whether there is another: a notebook has a page in a frame too
  isFollowing: false,
  keepsAddress: false, // whether the page around this one keeps its address, as the playground does
};

// Where the stepper is, and what it says of every node by now.
function tellBeside(moved) {
  if (!beside.isPaired) return;
  markDifferences();
  if (state.graph !== data.graph) return;
  const frame = frameAt();
  const said = state.graph.nodes.map((node, i) => [wholeName(node), valueText(i), gradientText(i)]);
  const step = frame && [frame.kind, frame.left, frame.nth];
  parent.postMessage({ stepper: said, step, moved: moved && !beside.isFollowing, isAtEnd: state.position === state.graph.frames.length }, "*");
}

// The position of a step that is called the same; or -1.
function positionOf(step) {
  if (!step) return 0;
  return state.graph.frames.findIndex(({ kind, left, nth }) => kind === step[0] && left === step[1] && nth === step[2]) + 1 || -1;
}

function listenToBeside() {
  addEventListener("message", ({ data: told, source }) => {
    if (source !== parent || parent === window) return;
    if (told.begins) {
      beside.isPaired = true;
      tellBeside(false);
    }
    if (typeof told.address === "string") {
      beside.keepsAddress = true;
      readAddress(told.address);
    }
    if (!told.stepper) return;
    const position = told.isAtEnd ? state.graph.frames.length : positionOf(told.step);
    if (told.moved && position >= 0 && state.graph === data.graph) {
      beside.isFollowing = true;
      goTo(position);
      beside.isFollowing = false;
    }
    beside.others = new Map(told.stepper.map(([name, ...texts]) => [name, texts]));
    markDifferences();
  });
}

function markDifferences() {
  const before = beside.differs;
  const nodes = state.graph === data.graph ? data.graph.nodes : []; // not of scalars behind them
  beside.differs = new Set(nodes.flatMap((node, i) => (isOther(beside.others.get(wholeName(node)), i) ? [i] : [])));
  new Set([...before, ...beside.differs]).forEach(paint);
}

// Whether another value, or another gradient, is known there.
function isOther(texts, i) {
  const mine = [valueText(i), gradientText(i)];
  return Boolean(texts) && mine.some((text, k) => text && texts[k] && text !== texts[k]);
}
