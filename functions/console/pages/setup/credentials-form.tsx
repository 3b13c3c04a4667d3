import { useId, useState } from "preact/hooks";
import { fieldFailures } from "../../api/failure.ts";
import type { GmailCredentials } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { Field } from "../../widgets/field.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Submit } from "../../widgets/submit.tsx";

/** A downloaded client file has about 500 bytes; a much larger file is a different one. */
const LARGEST_FILE = 100_000;

/** The file's text as JSON, or null if it is not JSON. */
const jsonIn = async (file: File): Promise<unknown> => {
  if (file.size > LARGEST_FILE) return null;
  try {
    return JSON.parse(await file.text());
  } catch {
    return null;
  }
};

interface Props {
  /** The saved client ID; null if there is none yet. */
  readonly current: string | null;
  readonly onSaved: (credentials: GmailCredentials) => void;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The client ID in Google's file, or as draft; null if the API will not find one either. */
const clientIdIn = (body: unknown): string | null => {
  if (!isRecord(body)) return null;
  const id = isRecord(body.web) ? body.web.client_id : body.clientId;
  return typeof id === "string" ? id.trim() : null;
};

interface PickerProps {
  readonly error: string | null;
  readonly onChoose: (input: HTMLInputElement) => void;
}

const FilePicker = ({ error, onChoose }: PickerProps) => {
  const id = useId();
  return (
    <div class="field">
      <label class="button file-button">
        <Icon name="upload" />
        {t("credentials.file")}
        <input
          type="file"
          accept=".json,application/json"
          title=""
          aria-describedby={`${id}-hint ${id}-error`}
          aria-invalid={error === null ? undefined : "true"}
          onChange={(event) => onChoose(event.currentTarget)}
        />
      </label>
      <p class="hint" id={`${id}-hint`}>
        {t("credentials.fileHint")}
      </p>
      <p class="field-error" id={`${id}-error`} role="alert">
        {error}
      </p>
    </div>
  );
};

/** Takes the file from Google's console, checked as soon as it is chosen, or its two values draft by hand. */
export const CredentialsForm = ({ current, onSaved }: Props) => {
  const [noJson, setNoJson] = useState(false);
  const [saved, setSaved] = useState(false);
  const [draft, setDraft] = useState({ clientId: "", clientSecret: "" });
  const save = useAction(api.credentials.put);
  const [replacement, setReplacement] = useState<{ readonly id: string; readonly body: unknown } | null>(null);
  const put = async (body: unknown) => {
    setReplacement(null);
    setSaved(false);
    const result = await save.run(body);
    if (!result?.ok) return;
    // Keep the secret no longer than it takes to send it.
    setDraft({ clientId: "", clientSecret: "" });
    setSaved(true);
    onSaved(result.value);
  };
  // Accounts connected through the saved client would have to be connected again.
  const confirmAndPut = async (body: unknown) => {
    const id = clientIdIn(body);
    if (current === null || id === null || id === current) await put(body);
    else setReplacement({ id, body });
  };
  const choose = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file === undefined) return;
    const json = await jsonIn(file);
    // Choosing the same file again after correcting it must read it again.
    input.value = "";
    setNoJson(json === null);
    if (json !== null) await confirmAndPut(json);
  };
  return (
    <div class="stack">
      <FilePicker error={noJson ? t("credentials.notJson") : null} onChoose={(input) => void choose(input)} />
      <details>
        <summary>{t("credentials.byHand")}</summary>
        <form
          class="inset"
          onSubmit={(event) => {
            event.preventDefault();
            setNoJson(false);
            void confirmAndPut({ clientId: draft.clientId.trim(), clientSecret: draft.clientSecret.trim() });
          }}
        >
          <Field label={t("credentials.clientId")} error={fieldFailures(save.failure, "/clientId")}>
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
          <Field label={t("credentials.clientSecret")} error={fieldFailures(save.failure, "/clientSecret")}>
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
            <Submit label={t("action.save")} busy={save.busy} />
          </div>
        </form>
      </details>
      {save.busy && (
        <p class="fine" role="status">
          {t("credentials.checking")}
        </p>
      )}
      {save.failure && <ProblemNotice failure={save.failure} shown={["/clientId", "/clientSecret"]} />}
      {saved && <Notice tone="good" title={t("credentials.saved")} />}
      <Confirm
        open={replacement !== null}
        title={t("credentials.replaceTitle")}
        confirmLabel={t("credentials.replace")}
        danger
        busy={save.busy}
        failure={null}
        onConfirm={() => void put(replacement?.body)}
        onClose={() => setReplacement(null)}
      >
        <p>{t("credentials.replaceText")}</p>
        <p class="mono">{replacement?.id}</p>
      </Confirm>
    </div>
  );
};
