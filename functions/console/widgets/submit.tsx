import { t } from "../state/language.ts";

/**
 * A form's submit button. While busy it stays focusable (`disabled` would lose the keyboard focus) and says so; the
 * form's action ignores a second submit.
 */
export const Submit = ({ label, busy }: { readonly label: string; readonly busy: boolean }) => (
  <button type="submit" class="button primary" aria-disabled={busy}>
    {busy ? t("state.working") : label}
  </button>
);
