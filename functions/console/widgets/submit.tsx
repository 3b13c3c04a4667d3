import { t } from "../state/language.ts";

/**
 * The button of a form. While busy it stays focusable and says so (`disabled` would throw the keyboard focus away); the
 * form's action ignores a second submit by itself.
 */
export const Submit = ({ label, busy }: { readonly label: string; readonly busy: boolean }) => (
  <button type="submit" class="button primary" aria-disabled={busy}>
    {busy ? t("state.working") : label}
  </button>
);
