/** The list fetches itself again; what was ticked in it must not be lost meanwhile. */

export function keepChoice() {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const rows = event.target instanceof Element ? event.target.closest("[data-rows]") : null;
    if (rows?.querySelector("input:checked")) event.preventDefault();
  });
}
