import type { ComponentChildren } from "preact";
import type { ApiFailure } from "../api/failure.ts";
import { t } from "../state/language.ts";
import { Dialog } from "./dialog.tsx";
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

/** Asks before something that cannot be undone. */
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
}: Props) => (
  <Dialog open={open} title={title} busy={busy} onClose={onClose}>
    {children}
    {failure && <ProblemNotice failure={failure} />}
    <div class="actions end">
      <button type="button" class="button" aria-disabled={busy} onClick={() => !busy && onClose()}>
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
  </Dialog>
);
