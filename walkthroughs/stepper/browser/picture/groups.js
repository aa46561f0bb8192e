// Groups that open and fold: which of the views that the data has is shown.

const groupsOf = (views) => [...new Set(views.flatMap((view) => [...(view.open ?? []), ...view.boxes.map((box) => box.group)]))];

// In a lecture: the picture in which the groups at work are open and all others closed. Returns whether it is another.
function openAtWork() {
  const { views, nodes } = state.graph;
  const frame = frameAt();
  if (!frame || views.length < 2) return false;
  const all = groupsOf(views);
  const wanted = (i) => prefixes(nodes[i].group).slice(0, lecture.depth).filter((group) => all.includes(group));
  const [computed, received] = [wanted(frame.node), wanted(receiverOf(frame) ?? frame.node)];
  const faults = (view) => {
    const open = new Set(view.open ?? all);
    const closed = (groups) => groups.filter((group) => !open.has(group)).length;
    const needless = [...open].filter((group) => !computed.includes(group) && !received.includes(group)).length;
    return MISSING * (2 * closed(computed) + closed(received)) + needless;
  };
  const best = views.reduce((a, b) => (faults(b) < faults(a) ? b : a));
  if (best === picture.given) return false;
  showView(best);
  return true;
}

const MISSING = 20; // groups that are open for nothing, rather than one closed that is at work

// The picture in which `group` is open (or folded) and as much of the rest as possible is as it was.
function toggleGroup(group, open) {
  const views = state.graph.views;
  const all = groupsOf(views);
  const before = new Set(picture.given.open ?? all);
  const wanted = new Set([...before].filter((g) => open || (g !== group && !g.startsWith(`${group}/`))));
  if (open) prefixes(group).forEach((g) => wanted.add(g));
  const shows = (view) => {
    const opened = new Set(view.open ?? all);
    if (opened.has(group) !== open) return -1;
    return all.filter((g) => opened.has(g) === wanted.has(g)).length;
  };
  const best = views.reduce((a, b) => (shows(b) > shows(a) ? b : a));
  if (shows(best) >= 0) showView(best);
  else byId("verdict").textContent = `${group} has too many nodes for a picture.`;
  follow(state.selected ?? undefined);
}

function drawGroupButtons() {
  const bar = byId("groups");
  bar.replaceChildren();
  const views = state.graph.views;
  if (!picture.view || views.length < 2) return;
  const [first, whole] = [views.find((view) => view.open?.length === 0), views.find((view) => view.open === null)];
  const names = picture.given.open ?? [...new Set(views.flatMap((view) => view.boxes.map((box) => box.group)))];
  const shown = names.length > 6 ? names.filter((name) => !name.includes("/")) : names; // a node's panel folds the others
  shown.sort().slice(0, 6).forEach((name) => bar.append(element("button", { type: "button", class: "fold", title: `Fold ${name}`, onclick: () => toggleGroup(name, false) }, `fold ${name}`)));
  if (first && picture.given !== first) bar.append(element("button", { type: "button", id: "fold-all", onclick: () => showView(first) }, "Fold all"));
  if (whole && picture.given !== whole) bar.append(element("button", { type: "button", id: "open-all", onclick: () => showView(whole) }, "Open all"));
}
