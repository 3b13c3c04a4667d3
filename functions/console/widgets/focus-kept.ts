import { useEffect } from "preact/hooks";

const withAncestors = (element: Element): readonly Element[] =>
  element.parentElement === null ? [element] : [element, ...withAncestors(element.parentElement)];

/** True if the element is neither removed nor hidden, as a button of a dialog that just closed is. */
const isVisible = (element: Element): boolean => element.isConnected && element.checkVisibility();

/** The heading of the card that held the control, or of the page if the card is gone as well. */
const headingNear = (path: readonly Element[]): HTMLElement | null => {
  const place = path.find((element) => element.isConnected && element.matches("section.card, main"));
  return place?.querySelector<HTMLElement>("h1, h2") ?? null;
};

/**
 * An action may remove the very button that started it (canceling a message, revoking a key). The browser would then
 * start again from the top; this moves the focus to the nearest heading left, so that people go on from there.
 */
export const useFocusKept = (): void => {
  useEffect(() => {
    let path: readonly Element[] = [];
    const remember = ({ target }: Event) => {
      path = target instanceof Element ? withAncestors(target) : [];
    };
    const restore = () => {
      // Whether it is visible comes last, because the browser must lay out the page to tell.
      if (path[0] === undefined || document.activeElement !== document.body || isVisible(path[0])) return;
      const heading = headingNear(path);
      path = [];
      if (heading === null) return;
      heading.tabIndex = -1;
      heading.focus();
    };
    // After the browser has done its part: a dialog that closes returns the focus to what opened it.
    const restoreLater = () => setTimeout(restore);
    // After a click elsewhere, nobody expects the focus to come back.
    const forget = ({ target }: Event) => {
      if (target instanceof Node && path[0]?.contains(target) === false) path = [];
    };
    const observer = new MutationObserver(restore);
    document.addEventListener("focusin", remember);
    document.addEventListener("focusout", restoreLater);
    document.addEventListener("pointerdown", forget);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", remember);
      document.removeEventListener("focusout", restoreLater);
      document.removeEventListener("pointerdown", forget);
      observer.disconnect();
    };
  }, []);
};
