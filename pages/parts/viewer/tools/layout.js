/** Which panels there are: the page's own, three planes of one model, or every sequence under it. Key L. */

import { element } from "../around/dom.js";
import { LAYOUTS, TITLES, chosenOf, layoutTroubles, modelPanels, nameOf } from "../around/layouts.js";

/** @import {LayoutName} from "../types.js" */
/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function layoutTool(viewer) {
  const tool = new LayoutTool(viewer);
  return {
    elements: [tool.element],
    shortcuts: [{ key: "l", label: "L", what: "layout: the next one", run: () => tool.cycle() }],
    furnish: () => tool.furnish(),
    show: () => tool.show(),
  };
}

class LayoutTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.select = /** @type {HTMLSelectElement} */ (element("select", { "aria-label": "Layout", title: "Key L" }));
    this.options = LAYOUTS.map((value) => /** @type {HTMLOptionElement} */ (element("option", { value }, TITLES[value] ?? "")));
    this.select.append(...this.options);
    this.select.addEventListener("change", () => this.#choose(/** @type {LayoutName} */ (this.select.value)));
    const title = "What planes, sequences and the other tools are of: click a panel, or choose it here";
    const attributes = { class: "layout-model", "aria-label": "Model", title };
    this.model = /** @type {HTMLSelectElement} */ (element("select", attributes));
    this.model.addEventListener("change", () => this.#chooseModel(this.model.value));
    this.ofModel = element("label", { class: "field" }, "Model", this.model);
    const field = element("label", { class: "field" }, "Layout", this.select);
    this.element = element("div", { class: "layout", role: "group", "aria-label": "Layout" }, field, this.ofModel);
    this.listed = "";
  }

  get troubles() {
    return layoutTroubles(this.viewer.data, this.viewer.ground?.shape ?? null);
  }

  cycle() {
    const { viewer, troubles } = this;
    if (!viewer.data.tools) return;
    const offered = LAYOUTS.filter((each) => troubles[each] === null);
    const at = viewer.view.swipe ? -1 : offered.indexOf(viewer.view.layout);
    this.#choose(offered[(at + 1) % offered.length]);
  }

  /** @param {LayoutName} layout */
  #choose(layout) {
    const { viewer } = this;
    viewer.set({ layout, swipe: null });
    viewer.furnish();
    if (layout === "planes") viewer.attention.toPlane(viewer.view.plane);
  }

  /** @param {string} chosen */
  #chooseModel(chosen) {
    const { viewer } = this;
    viewer.set({ chosen });
    if (viewer.view.layout === "compare" || viewer.view.swipe) return;
    viewer.furnish();
  }

  /** A case that cannot be shown as the last one was is shown as the page has it. */
  furnish() {
    const { viewer } = this;
    if (this.troubles[viewer.view.layout] === null) return;
    queueMicrotask(() => this.troubles[viewer.view.layout] !== null && this.#choose("compare"));
  }

  show() {
    const { viewer, troubles } = this;
    const { data, view } = viewer;
    if (troubles[view.layout] !== null) this.furnish();
    this.options.forEach((option, index) => {
      const trouble = troubles[LAYOUTS[index]];
      option.disabled = trouble !== null;
      option.title = trouble ?? "";
      option.hidden = TITLES[LAYOUTS[index]] === data.layout;
    });
    this.options[LAYOUTS.indexOf("compare")].textContent = data.layout;
    this.select.value = view.layout;
    const choices = modelPanels(data).map((panel) => [panel.id, nameOf(data, view, panel)]);
    const listed = JSON.stringify(choices);
    if (listed !== this.listed) {
      this.listed = listed;
      this.model.replaceChildren(...choices.map(([value, text]) => element("option", { value }, text)));
    }
    this.ofModel.hidden = choices.length < 2;
    this.model.value = chosenOf(data, view)?.id ?? "";
  }
}
