import { useEffect } from "preact/hooks";

const withAncestors = (element: Element): readonly Element[] =>
  element.parentElement === null ? [element] : [element, ...withAncestors(element.parentElement)];

/** Neither removed nor hidden, as a button of a dialog is that has just been closed. */
const isThere = (element: Element): boolean => element.isConnected && element.checkVisibility();

/** The heading of the card that the control stood in; of the page where the card has gone as well. */
const headingNear = (path: readonly Element[]): HTMLElement | null => {
  const place = path.find((element) => element.isConnected && element.matches("section.card, main"));
  return place?.querySelector<HTMLElement>("h1, h2") ?? null;
};

/**
 * An act may take away the very button that started it (a message called back, a key revoked). The browser then starts again from the top
 * of the document; here the focus goes to the nearest heading that is left, so that a keyboard or a screen reader goes on from there.
 */
export const useFocusKept = (): void => {
  useEffect(() => {
    let path: readonly Element[] = [];
    const remember = ({ target }: Event) => {
      path = target instanceof Element ? withAncestors(target) : [];
    };
    const restore = () => {
      if (path[0] === undefined || isThere(path[0]) || document.activeElement !== document.body) return;
      const heading = headingNear(path);
      path = [];
      if (heading === null) return;
      heading.tabIndex = -1;
      heading.focus();
    };
    // Not before the browser has done its own part: a dialog that closes gives the focus back to what opened it.
    const left = () => setTimeout(restore);
    // A click elsewhere: nobody is waiting for the focus to come back.
    const forget = ({ target }: Event) => {
      if (target instanceof Node && path[0]?.contains(target) === false) path = [];
    };
    const observer = new MutationObserver(restore);
    document.addEventListener("focusin", remember);
    document.addEventListener("focusout", left);
    document.addEventListener("pointerdown", forget);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", remember);
      document.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", forget);
      observer.disconnect();
    };
  }, []);
};
