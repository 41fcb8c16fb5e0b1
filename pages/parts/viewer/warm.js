/**
 * What Streamlit runs on every page: the viewer's modules are fetched before anybody asks for a viewer, and all at once
 * instead of one layer of imports after the other.
 */

/** @param {{data: {modules: string, names: string[]}}} given */
export default function warm({ data }) {
  for (const name of data.names) {
    const href = new URL(`${data.modules}/${name}`, location.origin).href;
    if (document.head.querySelector(`link[href="${href}"]`)) continue;
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = href;
    // after whatever the page itself needs
    link.fetchPriority = "low";
    document.head.appendChild(link);
  }
}
