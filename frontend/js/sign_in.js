/**
 * Forms that are answered by a passkey: asks the server for a question, the authenticator for
 * the answer, and sends the form with it. What comes of it is a page like any other.
 */

/** @type {Record<string, (options: object) => Promise<Credential | null>>} */
const authenticator = {
  get: (options) =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
  create: (options) =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
};

/** Which of the form's sentences tells of an error, by the error's name. */
const sentences = { InvalidStateError: "exists", SecurityError: "unsupported", TypeError: "offline" };

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(form);
  });
}

/** @param {HTMLFormElement} form */
async function answer(form) {
  const message = form.querySelector("[data-passkey-message]");
  const button = form.querySelector("button");
  message.textContent = "";
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    message.textContent = message.dataset.unsupported;
    return;
  }
  button.disabled = true;
  try {
    const credential = await authenticator[form.dataset.passkey](await question(form));
    form.elements.answer.value = JSON.stringify(credential);
    // Past the listener above, which would ask again.
    form.submit();
  } catch (error) {
    message.textContent = message.dataset[sentences[error.name] ?? "cancelled"];
    button.disabled = false;
  }
}

/** @param {HTMLFormElement} form */
async function question(form) {
  const response = await fetch(form.dataset.question, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    // What is typed may be part of what is asked: see operators/domain/step_up.py.
    body: new FormData(form),
  });
  if (!response.ok || response.redirected) throw new TypeError("no question");
  return response.json();
}
