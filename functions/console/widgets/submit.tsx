import { t } from "../state/language.ts";

interface Props {
  readonly label: string;
  readonly busy: boolean;
  readonly primary?: boolean;
}

/**
 * A form's submit button. While busy it stays focusable (`disabled` would lose the keyboard focus) and says so; the
 * form's action ignores a second submit.
 */
export const Submit = ({ label, busy, primary = true }: Props) => (
  <button type="submit" class={primary ? "button primary" : "button"} aria-disabled={busy}>
    {busy ? t("state.working") : label}
  </button>
);
