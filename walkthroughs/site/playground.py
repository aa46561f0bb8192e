"""The playground: a page with an editor and the stepper beside it, in which this project's own Python runs.

Python is Pyodide's, pictures are laid out by Graphviz as viz-js has it, and the editor is CodeMirror: each in a named
version, whose files are known by their digests (playground_files.json). They come from a public CDN, which browsers
check by the digests, or are bundled with the page.
"""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from importlib.metadata import files as files_of
from pathlib import Path
from typing import Any

from models.keeping.files import write_whole
from walkthroughs.drawing.palette import palette
from walkthroughs.stepper.page import in_script

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CDN = "https://cdn.jsdelivr.net"
OUTSIDE: dict[str, Any] = json.loads((HERE / "playground_files.json").read_text(encoding="utf-8"))
COPIED = ["playground.js", "playground_editor.js", "playground_worker.js", "playground.css", "playground_value.css"]

# What of this project a program in the page can import; and, of others, what typesets LaTeX there.
PACKAGES = [
    "scalar_engine/**/*", "tensor_engine/**/*", "models/*.py", "models/keeping/*.py", "walkthroughs/__init__.py",
    "walkthroughs/stepper/**/*", "walkthroughs/drawing/*.py",
    "walkthroughs/markup.py", "walkthroughs/site/__init__.py", "walkthroughs/site/playground_run.py",
]  # fmt: skip
TYPESETTING = ["latex2mathml", "markupsafe"]
EXAMPLES = [
    "square", "neuron", "question3", "softmax", "first_wrong_step", "second_derivative", "gradient_descent", "xor",
    "vanishing", "program", "own_operator", "two_ways",
]  # fmt: skip


def write_playground(folder: Path, bundle: bool) -> None:
    """Write the page and what it needs into `folder`: from the CDN, or with `bundle` all of it, fetched by npm.

    Raises RuntimeError where npm is missing or fails, and ValueError for a file that is not what it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if bundle:
        fetch_outside(folder / "outside")
    where = "outside/{package}/{path}" if bundle else CDN + "/npm/{package}@{version}/{path}"
    outside = {
        (package, path): (where.format(package=package, path=path, version=found["version"]), digest)
        for package, found in OUTSIDE.items()
        for path, digest in found["files"].items()
    }
    write_packages(folder / "packages.zip")
    for name in COPIED:
        shutil.copyfile(HERE / "browser" / name, folder / name)
    write_whole(folder / "palette.css", palette() + "\n")
    write_whole(folder / "index.html", page(outside, bundle))
    write_offline(folder, outside)


def page(outside: dict[tuple[str, str], tuple[str, str]], bundle: bool) -> str:
    modules = {package: entry for (package, _), entry in outside.items() if package not in ("pyodide", "@viz-js/viz")}
    imports = {
        "imports": {package: local(address) for package, (address, _) in modules.items()},
        "integrity": {local(address): digest for address, digest in modules.values()},
    }
    worker = {
        "addresses": {path.rpartition("/")[2]: entry[0] for (_, path), entry in outside.items()},
        "digests": dict(outside.values()),
        "numpy": f"{CDN}/pyodide/v{OUTSIDE['pyodide']['version']}/full/",
    }
    examples = [example(name) for name in EXAMPLES]
    parts = site_header() | {
        "imports": in_script(imports),
        "worker": in_script(worker),
        "examples": in_script(examples),
        "options": "\n".join(f'<option value="{name}">{title}</option>' for name, title, _ in examples),
        "cdn": "" if bundle else CDN,
        "numpy": CDN,
    }
    template = (HERE / "browser" / "playground.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{ (\w+) \}\}", lambda place: parts[place[1]], template)


def site_header() -> dict[str, str]:
    """What every page of the site has in its head and above it; nothing without the extra `site`."""
    try:
        from walkthroughs.site.pages import PARTS, environment
    except ImportError:
        return {"head": "", "header": ""}
    made = {name: environment().get_template(f"{name}.html.jinja2") for name in ("head", "header")}
    return {name: template.render(top="../", parts=PARTS) for name, template in made.items()}


def local(address: str) -> str:
    """An address as an import map takes it."""
    return address if ":" in address else f"./{address}"


def example(name: str) -> tuple[str, str, str]:
    """(name, title, program) of an example, whose first line is its title."""
    text = (HERE / "examples" / f"{name}.py").read_text(encoding="utf-8")
    return name, text.partition("\n")[0].removeprefix("# "), text


def write_packages(path: Path) -> None:
    """Write this project's packages, and what typesets LaTeX, as a zip that is the same each time."""
    found = {str(file.relative_to(ROOT).as_posix()): file for pattern in PACKAGES for file in ROOT.glob(pattern)}
    for package in TYPESETTING:
        found |= {str(file): Path(str(file.locate())) for file in files_of(package) or [] if is_needed(str(file))}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(found.items()):
            if file.is_file() and "__pycache__" not in name:
                archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)


def is_needed(name: str) -> bool:
    return name.endswith((".py", "unimathsymbols.txt", ".dist-info/METADATA"))


# ---- what others have made


def fetch_outside(folder: Path) -> None:
    """Fetch the packages by npm, and copy the files that are needed, with their licences."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("--bundle needs npm, which fetches Pyodide, viz-js and CodeMirror: https://nodejs.org")
    specs = [f"{package}@{found['version']}" for package, found in OUTSIDE.items()]
    with tempfile.TemporaryDirectory() as temporary:
        command = [npm, "pack", "--silent", "--json", "--pack-destination", temporary, *specs]
        process = subprocess.run(command, capture_output=True, text=True)
        if process.returncode:
            raise RuntimeError(f"npm could not fetch the playground's parts: {last_line(process.stderr)}")
        for told in json.loads(process.stdout):
            archive = Path(temporary, told["filename"].replace("@", "").replace("/", "-"))
            unpack(archive, OUTSIDE[told["name"]]["files"], folder / told["name"])


def last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def unpack(archive: Path, digests: dict[str, str], folder: Path) -> None:
    """Copy files of a package, and its licence. Raises ValueError for one whose digest is another."""
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            path = member.name.partition("/")[2]
            if path not in digests and not re.fullmatch(r"LICENSE.*|package\.json", path, re.IGNORECASE):
                continue
            content = (package.extractfile(member) or io.BytesIO()).read()
            if path in digests and digest_of(content) != digests[path]:
                raise ValueError(
                    f"{archive.name}: {path} is {digest_of(content)}, and not the file that playground_files.json means"
                )
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def digest_of(content: bytes) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


# ---- the second visit


def write_offline(folder: Path, outside: dict[tuple[str, str], tuple[str, str]]) -> None:
    """Write the service worker, which keeps what the page needs; its version is a digest of the page's own files."""
    shared = [name for name in ("../site.css", "../search.js") if (folder / name).exists()]
    own = ["index.html", "packages.zip", "palette.css", *COPIED, *shared]
    version = digest_of(b"".join((folder / name).read_bytes() for name in own))[7:23]
    kept = [*([name, digest_of((folder / name).read_bytes())] for name in own), *map(list, outside.values())]
    script = (HERE / "browser" / "playground_offline.js").read_text(encoding="utf-8")
    write_whole(folder / "offline.js", script.replace("{{ version }}", version).replace("{{ kept }}", json.dumps(kept)))
