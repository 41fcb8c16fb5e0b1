/**
 * What Streamlit runs: it finds the viewer of this element again or makes one.
 *
 * Streamlit imports this text as a module of its own and calls the default export on every change of data, also
 * while our modules are still loading. The export is therefore synchronous, keeps its viewer by the element, and
 * counts: the clean-up of an earlier call must not take down what a later one uses.
 */

const places = new WeakMap();
/** What stands above a viewer that fills the window, roughly. */
const BESIDE = 130;

export default function show({ data, parentElement, setStateValue }) {
  let place = places.get(parentElement);
  if (!place) {
    const host = document.createElement("div");
    host.className = "segscope-viewer";
    host.dataset.testid = "segscope-viewer";
    host.dataset.ready = "false";
    // the room that the viewer will take, so that nothing below jumps
    host.style.minHeight = `${data.height ?? Math.max(320, window.innerHeight - BESIDE)}px`;
    parentElement.appendChild(host);
    place = { host, viewer: null, loading: null, generation: 0, data: null, report: null };
    places.set(parentElement, place);
  }
  place.generation += 1;
  place.data = data;
  place.report = (view) => setStateValue("view", view);
  const generation = place.generation;
  if (place.viewer) place.viewer.update(place.data, place.report);
  else place.loading ??= load(place);
  return () => setTimeout(() => leave(parentElement, place, generation), 0);
}

async function load(place) {
  try {
    const { Viewer } = await import(new URL(`${place.data.modules}/main.js`, location.origin).href);
    place.host.style.minHeight = "";
    if (!place.gone) place.viewer = new Viewer(place.host, place.data, place.report);
  } catch (error) {
    place.host.textContent = `The viewer could not be loaded. Reload the page. (${error.message})`;
    console.error(error);
  }
}

function leave(parentElement, place, generation) {
  if (place.generation !== generation) return;
  place.gone = true;
  place.viewer?.destroy();
  place.host.remove();
  if (places.get(parentElement) === place) places.delete(parentElement);
}
