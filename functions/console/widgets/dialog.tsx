import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  readonly open: boolean;
  readonly title: string;
  /** For what needs more room than a question. */
  readonly wide?: boolean;
  /** What was confirmed is still being done: the dialog stays, because it is where a failure would be told. */
  readonly busy?: boolean;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}

/** A native modal dialog: focus stays inside, Escape closes it, and focus returns to where it came from. */
export const Dialog = ({ open, title, wide = false, busy = false, children, onClose }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before anything else reacts: while a modal dialog is open, the focus cannot move to the page behind it.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  // Pressed twice, Escape closes a dialog although `cancel` was prevented, so it is stopped as a key as well.
  const stay = (event: Event) => busy && event.preventDefault();
  return (
    <dialog
      ref={dialog}
      class={wide ? "wide" : undefined}
      aria-labelledby={heading}
      onKeyDown={(event) => event.key === "Escape" && stay(event)}
      onCancel={stay}
      onClose={onClose}
    >
      {open && (
        <>
          <h2 id={heading}>{title}</h2>
          {children}
        </>
      )}
    </dialog>
  );
};
