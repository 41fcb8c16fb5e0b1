/** The elements around and under the panels: control row, progress, pause, strip, help. */

import { GAP, arrange, extentsOf, roomFor } from "./arrange.js";
import { Controls } from "./controls.js";
import { element } from "./dom.js";
import { AXIS } from "../drawing/geometry.js";
import { listenToHands } from "../hands/hands.js";
import { Help } from "./help.js";
import { listenToKeys } from "../hands/keys.js";
import { panelsFor } from "./layouts.js";
import { Reading } from "./reading.js";
import { ReadersChoices } from "./readers_choices.js";
import { Panel } from "../drawing/panel.js";
import { handsOf, keysOf } from "../hands/reach.js";
import { curvesOf, referenceOf } from "./story.js";
import { Strip } from "./strip.js";
import { toggled } from "../view.js";

/** @import {Viewer} from "../viewer.js" */

export class Furniture {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Controls | null} */
    this.controls = null;
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {{key: string, curves: import("./strip.js").Curve[], unit: string, what: string}} */
    this.told = { key: "", curves: [], unit: "", what: "" };
    /** CSS pixels from the window's top to the viewer where the page is not scrolled. */
    this.highest = 0;
    this.bar = element("i");
    this.progress = element("div", { class: "progress", role: "progressbar", "aria-label": "Loading volumes" }, this.bar);
    const described = { role: "application", tabindex: "0", "aria-roledescription": "slice viewer" };
    this.grid = element("div", { class: "grid", ...described });
    this.pause = element("button", { type: "button", class: "pause", hidden: "" });
    this.pause.addEventListener("click", () => viewer.motion.setPlaying(!viewer.view.playing));
    this.tools = element("div", { class: "tools", role: "toolbar", "aria-label": "Tools", hidden: "" });
    this.tools.append(...viewer.tools.flatMap((tool) => tool.elements ?? []));
    this.choicesOfReader = new ReadersChoices(viewer);
    const shortcuts = viewer.tools.flatMap((tool) => tool.shortcuts ?? []);
    const word = viewer.data.stops?.word ?? "slice";
    this.help = new Help(shortcuts, () => viewer.toggleHelp(), this.choicesOfReader.elements, word);
    this.strip = new Strip(
      (slice) => {
        viewer.touched();
        viewer.goTo(viewer.attention.plane(), slice);
      },
      (told) => viewer.set({ told }),
      viewer.tools.flatMap((tool) => tool.strip ?? []),
    );
    this.reading = new Reading(viewer);
    this.top = element("div");
    this.stage = element("div", { class: "stage" }, this.grid, this.progress, this.help.element);
    viewer.host.replaceChildren(this.top, this.tools, this.stage, this.reading.element, this.strip.element, this.reading.live);
    listenToHands(this.grid, (target) => this.panelOf(target), handsOf(viewer));
    listenToKeys(viewer.host, keysOf(viewer), shortcuts);
    this.grid.addEventListener("pointerenter", () => {
      // keys work where the mouse is, unless somebody is typing elsewhere
      if (document.activeElement === document.body) this.grid.focus({ preventScroll: true });
    });
  }

  /** Make panels and controls for what the viewer shows now. @returns {Panel[]} */
  furnish() {
    const { viewer } = this;
    const { data } = viewer;
    this.panels = panelsFor(data, viewer.view).map((spec) => new Panel(spec, data.regions));
    this.told.key = "";
    this.grid.replaceChildren(...this.panels.map((panel) => panel.element));
    this.grid.setAttribute("aria-label", `${data.case_title}. Press question mark for keys.`);
    this.controls = data.controls
      ? new Controls(data, {
          set: (patch) => viewer.set(patch),
          preset: (name) => viewer.choosePreset(name),
          window: (range) => viewer.setWindow(range),
          toggle: (region) => viewer.set(toggled(viewer.view, region)),
          help: () => viewer.toggleHelp(),
          tools: () => viewer.toggleTools(),
        })
      : null;
    this.top.replaceChildren(...(this.controls ? [this.controls.element] : []));
    this.pause.hidden = !data.autoplay && !data.stops;
    this.panels[0]?.element.append(this.pause);
    return this.panels;
  }

  /** Give panels and strip the size that there is. */
  arrange() {
    const { data, host, ground } = this.viewer;
    const width = host.clientWidth;
    if (!width) return;
    const single = ground !== null && ground.shape[AXIS[this.viewer.attention.plane()]] === 1;
    this.strip.element.hidden = !data.strip || single;
    this.reading.resize(width);
    const strip = this.strip.element.hidden ? 0 : this.strip.element.offsetHeight + GAP;
    const below = this.reading.element.offsetHeight + strip + 12;
    const top = host.getBoundingClientRect().top;
    // a page that was scrolled gives the panels no more room
    this.highest = Math.max(this.highest, top);
    const above = this.stage.getBoundingClientRect().top - top + this.highest;
    const height = data.height ?? roomFor(above, below, window.innerHeight);
    // in one plane the grid stays as it is while planes change
    const planes = this.panels.map((panel) => panel.spec.plane ?? "axial");
    const extents = extentsOf(planes, ground);
    const columnsGiven = this.viewer.view.layout === "compare" && !this.viewer.view.swipe ? data.columns : null;
    const { columns, width: wide, height: high } = arrange(extents, width, height, columnsGiven);
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${wide}px)`;
    this.grid.dataset.columns = String(columns);
    for (const panel of this.panels) panel.resize(wide, high);
    this.strip.resize(width);
  }

  /** Bring every control to the present view. */
  show() {
    const { viewer } = this;
    const { data, view } = viewer;
    const image = viewer.sources.volume("images", view.image);
    this.controls?.show(view, image ? viewer.sources.range(view.image) : null);
    this.tools.hidden = !data.tools || !view.toolsOpen;
    this.help.show(view.help);
    this.choicesOfReader.show(view);
    this.pause.classList.toggle("playing", view.playing);
    this.pause.setAttribute("aria-label", view.playing ? "Pause" : "Play");
  }

  /** Bring what tells the slice to the present one. */
  follow() {
    const { viewer } = this;
    const { data, view } = viewer;
    const slice = view.cursor[AXIS[viewer.attention.plane()]] + 1;
    if (!this.pause.hidden) this.pause.textContent = `${data.stops?.word ?? "slice"} ${slice}`;
    this.#showStrip();
  }

  #showStrip() {
    const { data, view, ground, tally } = this.viewer;
    if (!ground || this.strip.element.hidden) return;
    const plane = this.viewer.attention.plane();
    const axis = AXIS[plane];
    const masks = Object.keys(data.masks).map((name) => this.viewer.sources.mask(name));
    const whole = masks.map((mask) => (mask?.whole ? mask.key : "-"));
    const key = [plane, view.visible, view.errorRegion, view.told, ...whole].join(" ");
    // the curves count every voxel: they wait until a hand has found its threshold
    if (this.told.key !== key && !(this.told.key && this.viewer.sources.thresholded.moving)) {
      const { curves, unit, what } = curvesOf(data, view, tally, plane, ground.affine ? ground.spacing : null);
      this.told = { key, curves, unit, what };
    }
    const errors = masks.length > 1 && referenceOf(data) !== null;
    const told = errors ? view.told : "area";
    const slice = view.cursor[axis];
    const { word, labels } = data.stops ?? { word: "slice", labels: [] };
    const place = { word, label: labels[slice] ?? "", slices: ground.shape[axis], slice };
    this.strip.show({ ...this.told, ...place, told, errors });
  }

  /** @param {number} loaded  0 to 1 */
  showProgress(loaded) {
    this.progress.hidden = loaded >= 1;
    this.bar.style.width = `${loaded * 100}%`;
    this.progress.setAttribute("aria-valuenow", String(Math.round(loaded * 100)));
  }

  /** @param {Panel | null} active */
  highlight(active) {
    for (const panel of this.panels) panel.element.classList.toggle("active", panel === active);
  }

  /** @param {EventTarget | null} target @returns {Panel | null} */
  panelOf(target) {
    const found = target instanceof Element ? target.closest(".panel") : null;
    return this.panels.find((panel) => panel.element === found) ?? null;
  }
}
