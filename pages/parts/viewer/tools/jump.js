/** Keys N and P: the next lesion, error, disagreement or uncertain slice, and a word about it. */

import { titleOf } from "../around/columns.js";
import { amount, nextStop } from "../around/seek.js";
import { element } from "../around/dom.js";
import { AXIS } from "../drawing/geometry.js";
import { isMap } from "../drawing/maps.js";
import { Found } from "./jump_found.js";

/** @import {Stop} from "../around/seek.js" */
/** @import {Sought} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */

/** @type {Sought[]} */
const SOUGHT = ["lesion", "error", "largest error", "disagreement", "uncertain"];

/** @type {Record<Sought, string>} where there is nothing at all */
const NONE = {
  lesion: "no lesion",
  error: "no error",
  "largest error": "no error",
  disagreement: "no disagreement",
  uncertain: "no uncertain slice",
};

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function jumpTool(viewer) {
  const tool = new JumpTool(viewer);
  return {
    strip: [tool.element],
    shortcuts: [
      { key: "n", label: "N", what: "next lesion, error, or what is chosen under the images", run: () => tool.go(1) },
      { key: "p", label: "P", what: "previous one", run: () => tool.go(-1) },
      { key: "j", label: "J", what: "what N and P look for", run: () => tool.cycle() },
    ],
    furnish: () => tool.furnish(),
    show: () => tool.show(),
    follow: () => tool.follow(),
  };
}

class JumpTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.found = new Found(viewer);
    /** What was said, and the voxel at which it is true. */
    this.told = { words: "", at: "" };
    this.says = element("span", { class: "jump-says", role: "status" });
    this.select = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": "N and P go to" }));
    this.options = SOUGHT.map((value) => /** @type {HTMLOptionElement} */ (element("option", { value }, value)));
    this.select.append(...this.options);
    this.select.addEventListener("change", () => this.#seek(/** @type {Sought} */ (this.select.value)));
    this.least = /** @type {HTMLInputElement} */ (element("input", { type: "number", min: "0" }));
    this.least.addEventListener("change", () => this.#setLeast());
    this.unit = element("span");
    this.limit = element("label", { class: "jump-least" }, "from", this.least, this.unit);
    const step = (/** @type {1 | -1} */ direction, /** @type {string} */ key, /** @type {string} */ word) => {
      const button = element("button", { type: "button", title: `Key ${key}` }, element("kbd", {}, key), ` ${word}`);
      button.addEventListener("click", () => this.go(direction));
      return button;
    };
    this.element = element(
      "div",
      { class: "jump", role: "group", "aria-label": "Go to" },
      this.says,
      this.select,
      this.limit,
      step(1, "N", "next"),
      step(-1, "P", "previous"),
    );
  }

  /** @returns {Sought} */
  get sought() {
    const { view, data } = this.viewer;
    const suggested = data.panels.some(isMap) ? "error" : "lesion";
    const wanted = view.sought ?? suggested;
    return this.found.trouble(wanted) === null ? wanted : "lesion";
  }

  furnish() {
    const { masks, regions, stops } = this.viewer.data;
    // where the third axis is not space, patches are none of the head
    this.element.hidden = !Object.keys(masks).length || !regions.length || stops !== null;
    this.found.forget();
  }

  cycle() {
    const offered = SOUGHT.filter((each) => this.found.trouble(each) === null);
    if (offered.length) this.#seek(offered[(offered.indexOf(this.sought) + 1) % offered.length]);
  }

  /** @param {Sought} sought */
  #seek(sought) {
    this.told = { words: "", at: "" };
    this.viewer.set({ sought });
  }

  #setLeast() {
    const value = Number(this.least.value);
    const fits = this.least.value.trim() !== "" && Number.isFinite(value) && value >= 0;
    this.told = { words: "", at: "" };
    this.viewer.set({ soughtLeast: fits ? value : null });
  }

  /** @param {1 | -1} direction */
  go(direction) {
    const { viewer, sought } = this;
    if (!viewer.ground || this.element.hidden) return;
    const trouble = this.found.trouble(sought);
    const stops = trouble === null ? this.found.stops(sought) : null;
    if (!stops) return this.#say(trouble ?? "still loading");
    const plane = viewer.attention.plane();
    const index = nextStop(stops, viewer.view.cursor, plane, direction, sought !== "largest error");
    if (index === null) return this.#say(this.#nothing(stops, direction));
    viewer.touched();
    const { voxel, slice } = stops[index];
    if (voxel) viewer.set({ cursor: [...voxel] });
    else viewer.goTo(plane, slice);
    this.#say(this.#words(stops, index));
  }

  /**
   * @param {Stop[]} stops
   * @param {number} index
   */
  #words(stops, index) {
    const { size, kind, voxel } = stops[index];
    const { sought } = this;
    const measure = this.found.measure(voxel !== null);
    const what = sought === "largest error" ? "error" : sought === "uncertain" ? "uncertain slice" : sought;
    const place = sought === "largest error" ? "by size" : "";
    const number = [what, index + 1, "of", stops.length, place].filter(Boolean).join(" ");
    return `${number}, ${[amount(size * measure.perVoxel, measure.unit), kind].filter(Boolean).join(" ")}`;
  }

  /**
   * @param {Stop[]} stops
   * @param {1 | -1} direction
   */
  #nothing(stops, direction) {
    const { viewer, sought } = this;
    const none = NONE[sought];
    const { least, unit } = this.found.limit();
    const above = sought.endsWith("error") && least > 0 ? ` of ${least} ${unit} or more` : "";
    if (!stops.length) return `${none}${above}`;
    if (sought === "largest error") return direction > 0 ? `no smaller error${above}` : "no larger error";
    const slice = viewer.view.cursor[AXIS[viewer.attention.plane()]] + 1;
    return `${none}${above} ${direction > 0 ? "after" : "before"} slice ${slice}`;
  }

  /** @param {string} words */
  #say(words) {
    this.told = { words, at: this.#place() };
    this.viewer.draw();
  }

  #place() {
    const { view } = this.viewer;
    return `${view.cursor} ${this.viewer.attention.plane()}`;
  }

  /** What was said holds until the crosshair leaves. */
  follow() {
    const words = this.told.at === this.#place() ? this.told.words : "";
    if (this.says.textContent !== words) this.says.textContent = words;
  }

  show() {
    const { sought, viewer } = this;
    if (this.element.hidden) return;
    if (sought === "uncertain") this.found.fetch();
    const troubles = SOUGHT.map((each) => this.found.trouble(each));
    this.options.forEach((option, index) => {
      option.disabled = troubles[index] !== null;
      option.title = troubles[index] ?? "";
    });
    const missing = SOUGHT.flatMap((each, index) => (troubles[index] ? [`${each}: ${troubles[index]}`] : []));
    this.select.title = ["Key J", ...missing].join("\n");
    if (this.select.value !== sought) this.select.value = sought;
    this.limit.hidden = !sought.endsWith("error");
    const { least, unit } = this.found.limit();
    const root = /** @type {Document | ShadowRoot} */ (this.least.getRootNode());
    // whoever is typing is not disturbed
    const isTyping = root.activeElement === this.least;
    if (!isTyping && Number(this.least.value || NaN) !== least) this.least.value = String(least);
    this.least.step = unit === "ml" ? "0.1" : "1";
    this.least.setAttribute("aria-label", `Smallest error, ${unit}`);
    this.unit.textContent = unit;
    const model = this.found.model();
    this.limit.title = model === null ? "" : `Errors of ${titleOf(viewer.data, viewer.view, model)}`;
    viewer.host.dataset.sought = sought;
  }
}
