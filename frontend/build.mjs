/**
 * Bundles css/ and js/ into static/dist (or the folder given by --outdir).
 *
 * The output folder is replaced as a whole, so a renamed source never leaves a stale file behind.
 * Text files are compressed ahead, so that no server has to. There are no source maps: the
 * static-file storage would look for maps nobody ships.
 */
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const { values } = parseArgs({ options: { outdir: { type: "string" } } });
const outdir = resolve(values.outdir ?? join(root, "static", "dist"));

const dracoSource = join(root, "node_modules/three/examples/jsm/libs/draco/gltf");
const fontSource = join(root, "node_modules/@fontsource-variable/figtree/files");

/** Files shipped as they are: path in the output folder → where it comes from. */
const copies = {
  "draco/draco_decoder.wasm": join(dracoSource, "draco_decoder.wasm"),
  "draco/draco_wasm_wrapper.js": join(dracoSource, "draco_wasm_wrapper.js"),
  "fonts/figtree-latin.woff2": join(fontSource, "figtree-latin-wght-normal.woff2"),
  "fonts/figtree-latin-ext.woff2": join(fontSource, "figtree-latin-ext-wght-normal.woff2"),
  "fonts/LICENSE.txt": join(fontSource, "../LICENSE"),
  "icon.svg": join(here, "assets/icon.svg"),
};

async function copyAll() {
  for (const [name, source] of Object.entries(copies)) {
    const target = join(outdir, name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
  }
}

/** Written beside each text file, where WhiteNoise looks for them; at their strongest. */
const packers = { ".br": promisify(brotliCompress), ".gz": promisify(gzip) };
const packed = new Set([".css", ".js", ".svg", ".wasm"]);

async function compressAll() {
  const names = await readdir(outdir, { recursive: true });
  for (const name of names.filter((each) => packed.has(extname(each)))) {
    const content = await readFile(join(outdir, name));
    for (const [suffix, pack] of Object.entries(packers)) {
      await writeFile(join(outdir, name + suffix), await pack(content, { level: 9 }));
    }
  }
}

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: {
    app: "css/app.css",
    operators: "css/operators.css",
    report: "js/report.js",
    viewer: "js/viewer.js",
    compare: "js/compare.js",
    pair: "js/compare/pair.js",
    sign_in: "js/sign_in.js",
    appearance: "js/appearance.js",
    desk: "js/desk.js",
  },
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "safari16.4"],
  // Fonts are copied under stable names; the stylesheet refers to them relative to itself.
  external: ["./fonts/*"],
  legalComments: "linked",
  logLevel: "warning",
});
await copyAll();
await compressAll();
