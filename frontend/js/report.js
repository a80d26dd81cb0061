/** Entry of the report page. Small on purpose: 3D code arrives only when a person asks for it. */
import { prepareForPrint } from "./report/print.js";
import { ViewerPanel } from "./report/panel.js";

prepareForPrint();

const root = document.querySelector("[data-viewer]");
const config = document.getElementById("viewer-config");
if (root && config) {
  new ViewerPanel(root, JSON.parse(config.textContent));
}
