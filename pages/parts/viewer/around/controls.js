/** The one row above the panels. Every control shows its present value. */

import { PLANES } from "../drawing/geometry.js";
import { capital, element, segmented } from "./dom.js";
import { WindowField } from "./window_field.js";

/** @import {OverlayMode, Plane, View, ViewerData} from "../types.js" */

/**
 * What the row can ask of its viewer.
 *
 * @typedef {object} Wishes
 * @property {(patch: Partial<View>) => void} set
 * @property {(name: string) => void} preset
 * @property {(range: [number, number]) => void} window  of the chosen image, in its values
 * @property {(region: number) => void} toggle
 * @property {() => void} help
 * @property {() => void} tools
 */

const KEY_OF = { axial: "A", coronal: "C", sagittal: "S" };

export class Controls {
  /**
   * @param {ViewerData} data
   * @param {Wishes} wishes
   */
  constructor(data, wishes) {
    this.data = data;
    this.wishes = wishes;
    /** @type {((view: View, range: [number, number] | null) => void)[]} */
    this.shows = [];
    this.planes = this.#planes();
    const parts = [
      this.planes,
      this.#images(),
      this.#window(),
      ...this.#overlay(),
      element("div", { class: "last" }, ...[this.#tools(), this.#help()].filter((part) => part !== null)),
    ];
    const attributes = { class: "controls", role: "toolbar", "aria-label": "View" };
    this.element = element("div", attributes, ...parts.filter((part) => part !== null));
  }

  /**
   * @param {View} view
   * @param {[number, number] | null} range  window of the chosen image, in its values
   */
  show(view, range) {
    for (const show of this.shows) show(view, range);
  }

  /** @param {boolean} several  a single image has no other planes */
  allowPlanes(several) {
    if (this.planes) this.planes.hidden = !several;
  }

  #planes() {
    if (this.data.panels.every((panel) => panel.plane !== null)) return null;
    const options = PLANES.map((plane) => ({ value: plane, text: capital(plane), title: `Key ${KEY_OF[plane]}` }));
    const group = segmented("Plane", options, (plane) => this.wishes.set({ plane: /** @type {Plane} */ (plane) }));
    this.shows.push((view) => group.show(view.plane));
    return group.element;
  }

  #images() {
    const names = Object.keys(this.data.images);
    if (names.length < 2 || this.data.panels.every((panel) => panel.image !== null)) return null;
    const options = names.map((name) => ({ value: name, text: name }));
    const group = segmented("Sequence", options, (image) => this.wishes.set({ image }));
    this.shows.push((view) => group.show(view.image));
    return group.element;
  }

  #window() {
    const field = new WindowField(this.data.images, this.wishes);
    this.shows.push((view, range) => field.show(view, range));
    return field.element;
  }

  #overlay() {
    if (!Object.keys(this.data.masks).length) return [];
    /** @type {{value: OverlayMode, text: string}[]} */
    const modes = [
      { value: "fill", text: "Fill" },
      { value: "both", text: "Both" },
      { value: "outline", text: "Outline" },
    ];
    const options = modes.map((mode) => ({ ...mode, title: "Key O" }));
    const group = segmented("Overlay", options, (mode) => this.wishes.set({ mode: /** @type {OverlayMode} */ (mode) }));
    this.shows.push((view) => group.show(view.mode));
    return [
      element("div", { class: "field" }, element("span", { class: "roomy" }, "Overlay"), group.element),
      this.#opacity(),
      this.#regions(),
    ];
  }

  #opacity() {
    const attributes = { type: "range", min: "0", max: "100", step: "5", "aria-label": "Opacity" };
    const slider = /** @type {HTMLInputElement} */ (element("input", attributes));
    const number = element("span", { class: "numbers" });
    slider.addEventListener("input", () => this.wishes.set({ opacity: Number(slider.value) / 100 }));
    this.shows.push((view) => {
      slider.value = String(Math.round(view.opacity * 100));
      slider.style.setProperty("--filled", `${slider.value}%`);
      slider.setAttribute("aria-valuetext", `${slider.value} %`);
      number.textContent = view.opacity.toFixed(2);
    });
    return element("label", { class: "field" }, element("span", { class: "roomy" }, "Opacity"), slider, number);
  }

  #regions() {
    const buttons = this.data.regions.map((region, index) => {
      const title = `${region.title}: key ${index + 1}`;
      const swatch = element("i");
      swatch.style.background = region.colour;
      const button = element("button", { type: "button", class: "region", title }, swatch, region.name);
      button.addEventListener("click", () => this.wishes.toggle(index));
      return button;
    });
    this.shows.push((view) =>
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(view.visible[index]))),
    );
    return element("div", { class: "regions", role: "group", "aria-label": "Regions" }, ...buttons);
  }

  #tools() {
    if (!this.data.tools) return null;
    const button = element("button", { type: "button", class: "tools-button", title: "Key T" }, "Tools");
    button.addEventListener("click", () => this.wishes.tools());
    this.shows.push((view) => button.setAttribute("aria-expanded", String(view.toolsOpen)));
    return button;
  }

  #help() {
    const button = element("button", { type: "button", class: "help-button", title: "Keys and gestures: key ?", "aria-label": "Keys and gestures" }, "?");
    button.addEventListener("click", () => this.wishes.help());
    return button;
  }
}
