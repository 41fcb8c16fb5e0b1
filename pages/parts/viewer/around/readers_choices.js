/** What a reader chooses once: which side is left, and which colours regions have. They stand under the help. */

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
    this.elements = [this.colours, this.side];
  }

  /** @param {View} view */
  show(view) {
    this.side.textContent = view.radiological ? "Radiological: right is left" : "Neurological: right is right";
    this.colours.textContent = preferredPalette() === "strong" ? "Colours: strong contrast" : "Colours: standard";
  }
}
