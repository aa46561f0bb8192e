// Python in a worker: loads Pyodide and Graphviz, and runs one program after another. Whoever does not want to wait for
// a program ends the worker and starts another one.

const NO_NUMPY = "Tensors need NumPy, which could not be fetched from cdn.jsdelivr.net. Values do without it.";
let files, python, run;

// Every file is asked for with its digest, also by Pyodide itself.
const plainFetch = self.fetch.bind(self);
self.fetch = (address, options = {}) => {
  const integrity = files?.digests[new URL(address.url ?? address, files.base).href];
  return plainFetch(address, integrity ? { ...options, integrity } : options);
};

async function imported(name) {
  const text = await (await fetch(files.addresses[name])).blob();
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return import(address);
}

async function start(told) {
  files = told;
  const packages = fetch(files.packages).then((answer) => answer.arrayBuffer());
  const graphviz = imported("viz.js").then(({ instance }) => instance());
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([imported("pyodide.mjs"), imported("pyodide.asm.mjs")]);
  const indexURL = new URL(".", files.addresses["pyodide.asm.wasm"]).href;
  python = await loadPyodide({ indexURL, createPyodideModule, lockFileURL: files.addresses["pyodide-lock.json"], stdLibURL: files.addresses["python_stdlib.zip"], packageBaseUrl: files.numpy });
  const viz = await graphviz;
  // it knows how wide letters are in Helvetica, and takes a list of fonts for Times
  self.layout = (source) => viz.renderString(source.replaceAll('"Helvetica,Arial,sans-serif"', "Helvetica"), { format: "json" });
  const zip = await packages;
  python.unpackArchive(zip, "zip", { extractDir: "/course" });
  const bytecode = await keptBytecode(zip);
  if (bytecode?.found) python.unpackArchive(bytecode.found, "zip", { extractDir: "/course" });
  python.runPython("import sys; sys.path.insert(0, '/course')");
  run = python.pyimport("walkthroughs.site.playground_run");
  postMessage({ ready: true });
  if (bytecode && !bytecode.found) setTimeout(() => bytecode.keep(run.bytecode("/course").toJs()), 2000);
}

// What Python has compiled of these packages is kept in the browser: a second visit starts a second earlier.
async function keptBytecode(zip) {
  if (!self.caches) return null; // not a secure context
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", zip));
  const address = new URL(`bytecode-${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`, files.base).href;
  const cache = await caches.open("bytecode").catch(() => null);
  if (!cache) return null;
  const found = await cache.match(address).then((answer) => answer?.arrayBuffer());
  const keep = async (made) => {
    for (const old of await cache.keys()) await cache.delete(old);
    await cache.put(address, new Response(made));
  };
  return { found, keep };
}

// ---- what is printed goes out in pieces, however small those are in which it is written

let [written, sent] = ["", 0];

function put(text) {
  written += text;
  if (performance.now() - sent > 100) send();
}

function send() {
  if (written) postMessage({ output: written });
  [written, sent] = ["", performance.now()];
}

// ---- a program

let program = null;

async function execute(source) {
  if (run.needs_numpy(source) && !(await hasNumPy())) return postMessage({ done: true, graphs: [], chosen: null, error: null, shown: "", note: NO_NUMPY });
  program?.destroy();
  program = run.Run(source, put);
  send();
  const found = JSON.parse(program.as_json());
  postMessage({ done: true, ...found });
  if (found.chosen !== null) show(found.chosen, false);
}

async function hasNumPy() {
  postMessage({ notice: "NumPy is being fetched from cdn.jsdelivr.net." });
  try {
    await python.loadPackage("numpy", { messageCallback: () => {}, errorCallback: () => {} });
  } catch {
    return false;
  }
  return "numpy" in python.loadedPackages;
}

function show(name, howeverLarge) {
  const [page, note] = program.page(name, howeverLarge).toJs();
  postMessage({ name, page, note });
}

onmessage = async ({ data }) => {
  try {
    if (data.start) await start(data.start);
    else if (data.run !== undefined) await execute(data.run);
    else show(data.show, true);
  } catch (error) {
    postMessage({ failed: String(error).trim().split("\n").pop() });
  }
};
