/**
 * Makes the page ready for paper, which has nothing to click and nothing to scroll to: every details
 * element open, every picture fetched.
 */
export function prepareForPrint() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    fetchPictures();
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => details.setAttribute("open", ""));
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((details) => details.removeAttribute("open"));
    opened = [];
  });
  // Some browsers change the medium before they say that they print.
  window.matchMedia("print").addEventListener("change", fetchPictures);
}

function fetchPictures() {
  document.querySelectorAll("img[loading=lazy]").forEach((image) => {
    image.loading = "eager";
  });
}
