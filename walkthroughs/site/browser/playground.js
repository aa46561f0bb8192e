// The page: what is typed goes to Python in a worker, and what comes back is shown: output, errors, and the stepper of
// a graph in a frame. Nothing is sent anywhere.

import { editorIn, goToLine, mark, setText, textOf } from "./playground_editor.js";

const byId = (id) => document.getElementById(id);
const read = (id) => JSON.parse(byId(id).textContent);
const EXAMPLES = new Map(read("examples").map(([name, title, text]) => [name, text]));
const SAVED = "playground"; // the program last typed here, in this browser
const QUIET = 400; // milliseconds: of what takes no longer, no word is said

const editor = editorIn(byId("editor"), () => remember(textOf(editor)), run);
const shown = { name: "", page: "", address: "", awaited: "" };
let [worker, isReady, isRunning, waiting, patience] = [null, false, false, null, null];

// ---- Python

function start() {
  const base = document.baseURI;
  const absolute = (address) => new URL(address, base).href;
  const told = read("worker");
  const addresses = Object.fromEntries(Object.entries(told.addresses).map(([name, address]) => [name, absolute(address)]));
  const digests = Object.fromEntries(Object.entries(told.digests).map(([address, digest]) => [absolute(address), digest]));
  // a worker out of a blob obeys this page's policy: it asks this host, and the one that has NumPy
  const script = new Blob([`import ${JSON.stringify(absolute("playground_worker.js"))};`], { type: "text/javascript" });
  isReady = false;
  worker = new Worker(URL.createObjectURL(script), { type: "module" });
  worker.onmessage = ({ data }) => take(data);
  worker.onerror = () => say("Python could not be started: reload the page.");
  worker.postMessage({ start: { ...told, addresses, digests, base, packages: absolute("packages.zip") } });
}

function take(told) {
  if (told.ready) ready();
  if (told.output) print(told.output);
  if (told.notice) say(told.notice);
  if (told.failed) fail(told.failed);
  if (told.done) done(told);
  if (told.page !== undefined) showPage(told);
}

function ready() {
  isReady = true;
  say("");
  waiting?.();
  waiting = null;
  navigator.serviceWorker?.register("offline.js");
}

function run() {
  if (isRunning) return;
  wait(true);
  if (!isReady) return void (waiting = run);
  isRunning = true;
  clearOutput();
  patience = setTimeout(() => (say("Running."), showButtons()), QUIET);
  worker.postMessage({ run: textOf(editor) });
}

function stop() {
  worker.terminate();
  finish("Stopped. Python is starting again.");
  wait(false);
  start();
}

function finish(words) {
  clearTimeout(patience);
  isRunning = false;
  showButtons();
  say(words);
}

// Python itself has broken, by running out of memory for example: another one is started, unless none ever was.
function fail(words) {
  finish(`Something broke: ${words}`);
  wait(false);
  worker.terminate();
  if (isReady) start();
}

// Until the program has run, and its stepper is there.
const wait = (isBusy) => document.querySelector("main").setAttribute("aria-busy", isBusy);

function showButtons() {
  byId("stop").hidden = !isRunning;
  byId("run").disabled = isRunning;
}

const say = (words) => (byId("status").textContent = words);

// ---- what comes back

function clearOutput() {
  byId("printed").textContent = "";
  for (const id of ["output", "error", "shown"]) byId(id).hidden = true;
  mark(editor, null);
}

function print(text) {
  byId("output").hidden = false;
  byId("printed").append(text);
}

function done({ graphs, chosen, error, shown: html, note }) {
  const isSilent = !error && !html && byId("output").hidden && !graphs.length;
  finish(note ?? (isSilent ? "Done: nothing printed, and no graph." : ""));
  if (html) showValue(html);
  if (error) showError(error);
  const options = graphs.map((name) => Object.assign(document.createElement("option"), { textContent: name, value: name, selected: name === chosen }));
  byId("graph").replaceChildren(...options);
  byId("graph").disabled = !graphs.length;
  if (chosen !== null) return;
  byId("note").textContent = shown.page && `none; below is ${shown.name} of the program before`;
  wait(false);
}

function showError(error) {
  byId("output").hidden = byId("error").hidden = false;
  byId("traceback").textContent = error.text;
  byId("to-line").hidden = !error.line;
  byId("to-line").textContent = `Line ${error.line}: ${error.message}`;
  byId("to-line").onclick = () => (showPart("code"), goToLine(editor, error.line));
  mark(editor, error);
  byId("error").scrollIntoView({ block: "nearest" });
}

// In a frame where no script runs, with the style of the page.
function showValue(html) {
  byId("output").hidden = byId("shown").hidden = false;
  const styles = ["palette.css", "playground_value.css"].map((name) => `<link rel="stylesheet" href="${new URL(name, document.baseURI).href}">`);
  byId("shown").srcdoc = `<!DOCTYPE html><meta charset="utf-8">${styles.join("")}<body>${html}`;
  byId("shown").onload = () => (byId("shown").style.height = `${byId("shown").contentDocument.documentElement.scrollHeight}px`);
}

// The next stepper takes the place of the last one when it is there, so that nothing flickers.
function showPage({ name, page, note }) {
  byId("note").textContent = note;
  if (!page) return wait(false);
  Object.assign(shown, { name, page, address: "" });
  byId("download").disabled = false;
  const frame = Object.assign(document.createElement("iframe"), { title: `Stepper of ${name}`, srcdoc: page });
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.onload = () => {
    while (byId("frames").firstChild !== frame) byId("frames").firstChild.remove();
    frame.contentWindow.postMessage({ address: shown.awaited }, "*");
    shown.awaited = "";
    wait(false);
  };
  byId("frames").append(frame);
  if (byId("error").hidden) showPart("steps");
}

addEventListener("message", ({ data, source }) => {
  if (source === byId("frames").firstChild?.contentWindow && typeof data?.address === "string") shown.address = data.address;
});

// ---- what a link carries: the program, packed, and where the stepper is

const packed = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

async function linkOf(text) {
  const bytes = await packed(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  const code = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `#code=${code}${shown.address ? `&step=${encodeURIComponent(shown.address)}` : ""}`;
}

// {text, step} of an address; null where it carries no program.
async function carried(hash) {
  const told = new URLSearchParams(hash.slice(1));
  const step = told.get("step") ?? "";
  if (EXAMPLES.has(told.get("example"))) return { text: EXAMPLES.get(told.get("example")), step };
  if (!told.has("code")) return null;
  try {
    const bytes = Uint8Array.from(atob(told.get("code").replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return { text: new TextDecoder().decode(await packed(bytes, new DecompressionStream("deflate-raw"))), step };
  } catch {
    say("The program in this link cannot be read.");
    return null;
  }
}

async function makeLink() {
  history.replaceState(null, "", await linkOf(textOf(editor)));
  try {
    await navigator.clipboard.writeText(location.href);
    say("The link is copied: it carries the program and the step.");
  } catch {
    say("The link is in the address bar: it carries the program and the step.");
  }
}

async function openLink() {
  const found = await carried(location.hash);
  if (!found) return false;
  byId("example").value = new URLSearchParams(location.hash.slice(1)).get("example") ?? "";
  setText(editor, found.text);
  shown.awaited = found.step;
  run();
  return true;
}

// A browser may refuse to remember.
function remember(text) {
  try {
    localStorage.setItem(SAVED, text);
  } catch {}
}

function remembered() {
  try {
    return localStorage.getItem(SAVED);
  } catch {
    return null;
  }
}

// ---- the buttons

function showPart(part) {
  document.querySelector("main").dataset.part = part;
  for (const name of ["code", "steps"]) byId(`${name}-part`).setAttribute("aria-pressed", name === part);
}

function download() {
  const address = URL.createObjectURL(new Blob([shown.page], { type: "text/html" }));
  Object.assign(document.createElement("a"), { href: address, download: "stepper.html" }).click();
  URL.revokeObjectURL(address);
}

byId("run").onclick = run;
byId("stop").onclick = stop;
byId("link").onclick = makeLink;
byId("download").onclick = download;
byId("code-part").onclick = () => showPart("code");
byId("steps-part").onclick = () => showPart("steps");
byId("graph").onchange = () => {
  wait(true);
  worker.postMessage({ show: byId("graph").value });
};
byId("example").onchange = () => {
  if (!byId("example").value) return;
  setText(editor, EXAMPLES.get(byId("example").value));
  history.replaceState(null, "", `#example=${byId("example").value}`);
  run();
};
addEventListener("hashchange", openLink);

start();
if (!(await openLink())) {
  setText(editor, remembered() ?? EXAMPLES.values().next().value);
  run();
}
