"""What browsers may load and run on our pages: nothing but what is of our own origin."""

from csp.constants import NONE, SELF

POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, "'wasm-unsafe-eval'"],  # the Draco decoder is WebAssembly
        "worker-src": [SELF, "blob:"],  # three.js starts it from a blob
        "connect-src": [SELF, "blob:"],  # and reads a model's textures from blobs
        "img-src": [SELF, "data:", "blob:"],
        "style-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
