/**
 * What Streamlit runs: it finds the uploader of this element again or makes one.
 *
 * Streamlit imports this text as a module of its own and calls the default export on every change of data, also while
 * our modules are still loading: it is synchronous, keeps its view by the element, and counts its calls.
 */

const places = new WeakMap();

export default function show({ data, parentElement, setTriggerValue }) {
  let place = places.get(parentElement);
  if (!place) {
    const host = document.createElement("div");
    host.className = "segscope-uploader";
    host.dataset.testid = "segscope-uploader";
    parentElement.appendChild(host);
    place = { host, view: null, loading: null, generation: 0 };
    places.set(parentElement, place);
  }
  place.generation += 1;
  place.data = data;
  place.tell = setTriggerValue;
  const generation = place.generation;
  if (place.view) place.view.update(data, setTriggerValue);
  else place.loading ??= load(place);
  return () => setTimeout(() => leave(parentElement, place, generation), 0);
}

async function load(place) {
  try {
    const { Uploader } = await import(new URL(`${place.data.modules}/main.js`, location.origin).href);
    if (!place.gone) place.view = new Uploader(place.host, place.data, place.tell);
  } catch (error) {
    place.host.textContent = `The uploader could not be loaded. Reload the page. (${error.message})`;
    console.error(error);
  }
}

function leave(parentElement, place, generation) {
  if (place.generation !== generation) return;
  place.gone = true;
  place.view?.destroy();
  place.host.remove();
  if (places.get(parentElement) === place) places.delete(parentElement);
}
