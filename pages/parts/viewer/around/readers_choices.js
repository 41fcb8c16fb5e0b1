/** What a reader chooses once: which side is left, which colours regions have; and what memory volumes take. */

import { memory } from "../data/library.js";
import { element } from "./dom.js";
import { dressed, preferredPalette, rememberPalette } from "./palette.js";

/** @import {View} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */

export class ReadersChoices {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.side = element("button", { type: "button" });
    this.side.addEventListener("click", () => viewer.set({ radiological: !viewer.view.radiological }));
    this.colours = element("button", { type: "button" });
    this.colours.addEventListener("click", () => {
      const palette = preferredPalette() === "strong" ? "standard" : "strong";
      rememberPalette(palette);
      viewer.data = dressed(viewer.data, palette);
      viewer.furnish();
    });
    this.memory = element("span", { class: "memory" });
    this.elements = [this.memory, this.colours, this.side];
  }

  /** @param {View} view */
  show(view) {
    this.side.textContent = view.radiological ? "Radiological: right is left" : "Neurological: right is right";
    const { shown, kept, most } = memory();
    this.memory.textContent = view.help ? `Volumes ${megabytes(shown)}; of earlier cases ${megabytes(kept)}, at most ${megabytes(most)}` : "";
    this.colours.textContent = preferredPalette() === "strong" ? "Colours: strong contrast" : "Colours: standard";
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}
