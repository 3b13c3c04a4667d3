import { t } from "../../../state/language.ts";

/** A browser lays out some hundred thousand characters at once. */
const MOST_CHARACTERS = 200_000;

interface Props {
  readonly label: string;
  readonly text: string;
  /** Whether there is more than `text`. */
  readonly isPart?: boolean;
}

/** Long text that can be scrolled by keyboard, searched and copied, and that the browser lays out quickly. */
export const TextView = ({ label, text, isPart = false }: Props) => (
  <>
    <textarea class="mail mono" readOnly aria-label={label} spellcheck={false} value={text.slice(0, MOST_CHARACTERS)} />
    {(isPart || text.length > MOST_CHARACTERS) && <p class="hint">{t("content.cut")}</p>}
  </>
);

/** The start of the mail as it goes out. */
export const SourceView = ({ label, source }: { readonly label: string; readonly source: Uint8Array<ArrayBuffer> }) => (
  <TextView
    label={label}
    text={new TextDecoder().decode(source.subarray(0, MOST_CHARACTERS))}
    isPart={source.length > MOST_CHARACTERS}
  />
);
