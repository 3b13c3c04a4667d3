import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { FieldFailure } from "../api/failure.ts";
import { fieldSentences } from "../i18n/field-message.ts";
import { language, t } from "../state/language.ts";

/** Ties a control to its label, hint and error. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": "true" | undefined;
}

interface Props {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** A sentence of our own, or what the API found wrong. */
  readonly error?: string | readonly FieldFailure[] | null;
  readonly optional?: boolean;
  readonly children: (control: ControlProps) => ComponentChildren;
}

export const Field = ({ label, hint, error = null, optional = false, children }: Props) => {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional && <span class="fine"> {t("form.optional")}</span>}
      </label>
      {children({
        id,
        "aria-describedby": described === "" ? undefined : described,
        "aria-invalid": error === null ? undefined : "true",
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== null && (
        <p class="field-error" id={`${id}-error`}>
          {typeof error === "string" ? error : fieldSentences(error, language.value)}
        </p>
      )}
    </div>
  );
};

interface ChoiceProps<V extends string> {
  readonly legend: string;
  readonly name: string;
  readonly value: V;
  readonly options: readonly { readonly value: V; readonly label: string; readonly hint?: ComponentChildren }[];
  readonly onChoose: (value: V) => void;
}

/** Radio buttons as cards, each with its explanation. */
export const Choice = <V extends string>({ legend, name, value, options, onChoose }: ChoiceProps<V>) => {
  const id = useId();
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label class="option" key={option.value}>
          <input
            type="radio"
            name={`${id}-${name}`}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>
            <span class="option-label">{option.label}</span>
            {option.hint && <span class="option-hint">{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
};
