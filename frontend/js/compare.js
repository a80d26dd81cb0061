/** Entry of the comparison page. Small on purpose: 3D code arrives only when a person asks for it. */
import { ComparePanel } from "./compare/panel.js";
import { prepareForPrint } from "./report/print.js";

prepareForPrint();

const root = document.querySelector("[data-compare]");
const models = document.getElementById("compare-models");
if (root && models) {
  new ComparePanel(root, JSON.parse(models.textContent));
}
