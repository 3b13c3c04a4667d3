import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { ApiFailure } from "../api/failure.ts";
import { t } from "../state/language.ts";
import { ProblemNotice } from "./notice.tsx";

interface Props {
  readonly open: boolean;
  readonly title: string;
  readonly children: ComponentChildren;
  readonly confirmLabel: string;
  readonly danger?: boolean;
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** A native modal dialog: focus stays inside, Escape closes it, and focus returns to where it came from. */
export const Confirm = ({
  open,
  title,
  children,
  confirmLabel,
  danger = false,
  busy,
  failure,
  onConfirm,
  onClose,
}: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <h2 id={heading}>{title}</h2>
      {open && children}
      {open && failure && <ProblemNotice failure={failure} />}
      <div class="actions end">
        <button type="button" class="button" onClick={onClose}>
          {t("action.cancel")}
        </button>
        <button
          type="button"
          class={danger ? "button danger" : "button primary"}
          aria-disabled={busy}
          onClick={() => !busy && onConfirm()}
        >
          {busy ? t("state.working") : confirmLabel}
        </button>
      </div>
    </dialog>
  );
};
