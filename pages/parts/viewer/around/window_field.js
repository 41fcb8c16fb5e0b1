/** The window of the chosen image: a preset, or numbers that somebody types. */

import { element } from "./dom.js";
import { Popover } from "./popover.js";
import { BY_HAND, presetsFor } from "../drawing/window.js";
import { rangeFrom, short } from "./numbers.js";

/** @import {View, VolumeRef} from "../types.js" */

/**
 * @typedef {object} WindowWishes
 * @property {(name: string) => void} preset
 * @property {(range: [number, number]) => void} window
 */

const FIELDS = /** @type {const} */ ([
  ["low", "Low"],
  ["high", "High"],
  ["level", "Level"],
  ["width", "Width"],
]);

export class WindowField {
  /**
   * @param {Record<string, VolumeRef>} images
   * @param {WindowWishes} wishes
   */
  constructor(images, wishes) {
    this.images = images;
    this.wishes = wishes;
    /** @type {[number, number] | null} */
    this.range = null;
    this.listed = "";
    this.select = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": "Window" }));
    this.select.addEventListener("change", () => wishes.preset(this.select.value));
    /** @type {Record<string, HTMLInputElement>} */
    this.inputs = {};
    const fields = FIELDS.map(([name, text]) => {
      const attributes = { type: "text", inputmode: "decimal", autocomplete: "off", size: "7" };
      const input = /** @type {HTMLInputElement} */ (element("input", attributes));
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.#apply(name === "low" || name === "high");
      });
      this.inputs[name] = input;
      return element("label", {}, text, input);
    });
    this.trouble = element("p", { class: "trouble", role: "alert" });
    const hint = element("p", { class: "hint" }, "Enter applies, Escape closes.");
    this.button = element("button", { type: "button", class: "numbers", title: "Type the window" });
    const content = [element("div", { class: "number-fields" }, ...fields), this.trouble, hint];
    this.popover = new Popover("Window in numbers", this.button, content, { opened: () => this.#fill() });
    const word = element("span", { class: "roomy" }, "Window");
    const label = element("label", { class: "field", title: "Window: drag with the right button" }, word, this.select);
    this.element = element("div", { class: "field" }, label, this.popover.element);
  }

  /**
   * @param {View} view
   * @param {[number, number] | null} range  of the chosen image, in its values
   */
  show(view, range) {
    const { image } = view;
    if (this.listed !== image) {
      this.listed = image;
      const names = presetsFor(this.images[image]?.kind).map((preset) => preset.name);
      this.select.replaceChildren(...[...names, BY_HAND].map((value) => element("option", { value }, value)));
    }
    const name = view.windows[image]?.name ?? "auto";
    /** @type {HTMLElement} */ (this.select.lastElementChild).hidden = name !== BY_HAND;
    this.select.value = name;
    const ends = range ? `${short(range[0])} – ${short(range[1])}` : "";
    if (this.button.textContent !== ends) {
      this.button.textContent = ends;
      this.button.setAttribute("aria-label", `Window ${ends}, type it`);
    }
    this.button.hidden = !range;
    const moved = this.range?.[0] !== range?.[0] || this.range?.[1] !== range?.[1];
    this.range = range;
    // what somebody is typing stays as it is until the window itself moves
    if (moved && this.popover.isOpen) this.#fill();
  }

  #fill() {
    if (!this.range) return;
    const [low, high] = this.range;
    const values = { low, high, level: (low + high) / 2, width: high - low };
    for (const [name] of FIELDS) this.inputs[name].value = String(Number(values[name].toPrecision(7)));
    this.trouble.textContent = "";
  }

  /** @param {boolean} ends  low and high were typed, else level and width */
  #apply(ends) {
    const text = (/** @type {string} */ name) => this.inputs[name].value;
    const found = ends ? rangeFrom("ends", text("low"), text("high")) : rangeFrom("level", text("level"), text("width"));
    this.trouble.textContent = typeof found === "string" ? found : "";
    if (typeof found !== "string") this.wishes.window(found);
  }
}
