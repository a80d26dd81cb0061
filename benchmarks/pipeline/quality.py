"""How like the source a model looks: the same renderer, the same cameras, differences counted."""

import base64
import functools
import io
import json
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.pipeline.commands import ROOT

Picture = npt.NDArray[np.float64]
YAWS, WIDTH, HEIGHT = (0, 60, -60), 800, 1000
HERE = Path(__file__).parent


@contextmanager
def renderer(folder: Path) -> Iterator[Page]:
    """A browser page that renders the models of a folder."""
    _bundle(folder)
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("window.ready")
        yield page
        browser.close()
    server.shutdown()


def render(page: Page, name: str, transform: list[float] | None) -> list[Picture]:
    """The model's views, each (HEIGHT, WIDTH, 3) from 0 to 255."""
    answer = page.evaluate(
        "([url, transform, yaws, width, height]) => render(url, transform, yaws, width, height)",
        [name, transform, list(YAWS), WIDTH, HEIGHT],
    )
    return [_picture(url) for url in answer["pictures"]]


def psnr(one: Picture, other: Picture) -> float:
    """Peak signal-to-noise ratio in decibels, over the pixels that either picture draws on."""
    error = float(np.mean((one - other)[_drawn(one, other)] ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def colour_rms(one: Picture, other: Picture) -> float:
    """Root mean square difference of the colours, 0 to 255."""
    return float(np.sqrt(np.mean((one - other)[_drawn(one, other)] ** 2)))


def ssim(one: Picture, other: Picture) -> float:
    """Structural similarity of the luma, window of 11 pixels with sigma 1.5.

    Wang, Bovik, Sheikh, Simoncelli: "Image quality assessment: from error visibility to
    structural similarity", IEEE Transactions on Image Processing 13(4), 2004.
    """
    x, y = _luma(one), _luma(other)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    )
    return float(values[_drawn(one, other)].mean())


def source_transform(model: Path) -> list[float]:
    """The matrix from the source's coordinates to the model's, as our models carry it."""
    found = _tree(model.read_bytes())["nodes"]
    return next(node["extras"]["sourceTransform"] for node in found if "extras" in node)


def open_edges(model: Path) -> int:
    """Edges of a Draco model that one triangle only has, once equal positions are one."""
    data = model.read_bytes()
    tree = _tree(data)
    start = 20 + struct.unpack_from("<I", data, 12)[0] + 8
    edges = []
    for mesh in tree["meshes"]:
        for part in mesh["primitives"]:
            view = tree["bufferViews"][
                part["extensions"]["KHR_draco_mesh_compression"]["bufferView"]
            ]
            at = start + view.get("byteOffset", 0)
            decoded = DracoPy.decode(data[at : at + view["byteLength"]])
            _, welded = np.unique(decoded.points, axis=0, return_inverse=True)
            faces = welded.reshape(-1)[decoded.faces]
            pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
            edges.append(np.sort(pairs, axis=1))
    _, counts = np.unique(np.concatenate(edges), axis=0, return_counts=True)
    return int((counts == 1).sum())


def _bundle(folder: Path) -> None:
    (folder / "index.html").write_text('<script type="module" src="render.js"></script>')
    subprocess.run(
        [
            ROOT / "node_modules" / ".bin" / "esbuild",
            HERE / "render.js",
            "--bundle",
            "--format=esm",
            f"--outfile={folder / 'render.js'}",
            "--log-level=error",
        ],
        check=True,
        cwd=ROOT,
    )
    source = ROOT / "node_modules" / "three" / "examples" / "jsm" / "libs" / "draco" / "gltf"
    shutil.copytree(source, folder / "draco")


def _picture(url: str) -> Picture:
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
    return np.asarray(image, dtype=np.float64)


def _drawn(one: Picture, other: Picture) -> npt.NDArray[np.bool_]:
    drawn: npt.NDArray[np.bool_] = np.any(one != one[0, 0], axis=2)
    drawn |= np.any(other != other[0, 0], axis=2)
    return drawn


def _luma(picture: Picture) -> Picture:
    luma: Picture = picture @ np.array([0.299, 0.587, 0.114])
    return luma


def _blur(values: Picture) -> Picture:
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    padded = np.pad(values, 5, mode="edge")
    rows = sum(w * padded[i : i + values.shape[0]] for i, w in enumerate(window))
    blurred: Picture = sum(w * rows[:, i : i + values.shape[1]] for i, w in enumerate(window))
    return blurred


def _tree(data: bytes) -> dict[str, Any]:
    length = struct.unpack_from("<I", data, 12)[0]
    tree: dict[str, Any] = json.loads(data[20 : 20 + length])
    return tree


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The benchmark speaks for itself."""
