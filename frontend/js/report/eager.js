/**
 * Opens the 3D view without being asked, where that costs nobody anything.
 *
 * All of this must hold: the browser says that the connection is fast and not to be spared (one
 * that says nothing is taken for slow), the person has begun to use the page, the picture is on
 * the screen, and the browser has nothing else to do.
 */
const SIGNS = ["pointermove", "pointerdown", "keydown", "scroll"];
const VISIBLE_SHARE = 0.5;

/**
 * @param {HTMLElement} element that has to be on the screen
 * @param {() => void} open
 */
export function whenItCostsNothing(element, open) {
  if (!isGood(navigator.connection)) return;
  afterFirstSign(() => onceVisible(element, () => whenIdle(open)));
}

/** @param {NetworkInformation | undefined} connection */
export function isGood(connection) {
  if (!connection || connection.saveData || connection.type === "cellular") return false;
  return connection.effectiveType === "4g";
}

function afterFirstSign(next) {
  const heard = new AbortController();
  const listener = () => {
    heard.abort();
    next();
  };
  for (const sign of SIGNS) {
    window.addEventListener(sign, listener, { passive: true, signal: heard.signal });
  }
}

function onceVisible(element, next) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      next();
    },
    { threshold: VISIBLE_SHARE },
  );
  observer.observe(element);
}

function whenIdle(next) {
  // Safari has no such moment; a breath later will do.
  if (!window.requestIdleCallback) setTimeout(next, 1000);
  else window.requestIdleCallback(next);
}
