import { type ApiFailure, fieldFailures } from "../../api/failure.ts";
import { t } from "../../state/language.ts";
import { Field } from "../../widgets/field.tsx";
import { LISTS, type PeopleDraft } from "./people-draft.ts";

interface Props {
  readonly draft: PeopleDraft;
  readonly setDraft: (draft: PeopleDraft) => void;
  readonly failure: ApiFailure | null;
}

/** The lists of people, and how long messages are kept. */
export const PeopleFields = ({ draft, setDraft, failure }: Props) => (
  <>
    {LISTS.map((list) => (
      <Field
        key={list}
        label={t(`people.${list}`)}
        hint={t(`people.${list}Hint`)}
        error={fieldFailures(failure, `/${list}`)}
      >
        {(control) => (
          <textarea
            {...control}
            rows={3}
            spellcheck={false}
            value={draft[list]}
            onInput={(e) => setDraft({ ...draft, [list]: e.currentTarget.value })}
          />
        )}
      </Field>
    ))}
    <Field
      label={t("people.retention")}
      hint={t("people.retentionHint")}
      error={fieldFailures(failure, "/retentionDays")}
    >
      {(control) => (
        <input
          {...control}
          type="number"
          min="1"
          max="3650"
          step="1"
          required
          value={draft.retentionDays}
          onInput={(e) => setDraft({ ...draft, retentionDays: e.currentTarget.value })}
        />
      )}
    </Field>
  </>
);
