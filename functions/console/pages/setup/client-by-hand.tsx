import { type ApiFailure, fieldFailures } from "../../api/failure.ts";
import { t } from "../../state/language.ts";
import { Field } from "../../widgets/field.tsx";
import { Submit } from "../../widgets/submit.tsx";

export interface TypedClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Props {
  readonly draft: TypedClient;
  readonly setDraft: (draft: TypedClient) => void;
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
  readonly onSubmit: () => void;
}

/** The two values of Google's file, typed by hand. */
export const ClientByHand = ({ draft, setDraft, busy, failure, onSubmit }: Props) => {
  const submit = (event: Event) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <details>
      <summary>{t("credentials.byHand")}</summary>
      <form class="inset" onSubmit={submit}>
        <Field label={t("credentials.clientId")} error={fieldFailures(failure, "/clientId")}>
          {(control) => (
            <input
              {...control}
              required
              autocomplete="off"
              spellcheck={false}
              placeholder="123456789012-….apps.googleusercontent.com"
              value={draft.clientId}
              onInput={(e) => setDraft({ ...draft, clientId: e.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t("credentials.clientSecret")} error={fieldFailures(failure, "/clientSecret")}>
          {(control) => (
            <input
              {...control}
              type="password"
              required
              autocomplete="off"
              value={draft.clientSecret}
              onInput={(e) => setDraft({ ...draft, clientSecret: e.currentTarget.value })}
            />
          )}
        </Field>
        <div class="actions">
          <Submit label={t("action.save")} busy={busy} />
        </div>
      </form>
    </details>
  );
};
