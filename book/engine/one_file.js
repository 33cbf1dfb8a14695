// The page in one file: what the engine needs lies in the page itself, packed and in base64, and works from file://.

import { Engine } from "./engine.js";
import { mount } from "./panels.js";

/** A group of files, from a script element that is never run. @param {string} id */
async function unpacked(id) {
  const text = atob(/** @type {HTMLElement} */ (document.getElementById(id)).textContent?.trim() ?? "");
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const places = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  /** @type {Record<string, ArrayBuffer>} */
  const files = {};
  for (const [name, [at, size]] of Object.entries(places)) files[name] = bytes.slice(4 + length + at, 4 + length + at + size);
  return files;
}

async function begin() {
  if (typeof DecompressionStream === "undefined") throw new Error("This browser is too old for a page in one file.");
  const page = await unpacked("styletools-page");
  // A module worker made from a blob fails silently on file://; a classic one works.
  const program = document.getElementById("styletools-worker")?.textContent ?? "";
  const worker = () => new Worker(URL.createObjectURL(new Blob([program], { type: "text/javascript" })));
  const inline = async () => ({ ...(await unpacked("styletools-engine")), "engine.json": page["engine.json"].slice(0) });
  mount({ engine: new Engine({ base: "inline:/", worker, inline }), open: async (file) => new Blob([page[file]]) });
}

begin().catch((error) => {
  for (const host of document.querySelectorAll(".styletools-panel")) host.textContent = error.message;
});
