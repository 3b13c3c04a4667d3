import { useState } from "preact/hooks";
import type { GmailCredentials } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { ClientByHand, type TypedClient } from "./client-by-hand.tsx";
import { ClientFilePicker, clientIdIn, isClientFile } from "./client-file.tsx";

interface Props {
  /** The saved client ID; null if there is none yet. */
  readonly current: string | null;
  readonly onSaved: (credentials: GmailCredentials) => void;
}

const NOTHING_TYPED: TypedClient = { clientId: "", clientSecret: "" };

/** Takes the file from Google's console, checked as soon as it is chosen, or its two values typed by hand. */
export const CredentialsForm = ({ current, onSaved }: Props) => {
  const [wrongFile, setWrongFile] = useState(false);
  const [saved, setSaved] = useState(false);
  const [draft, setDraft] = useState(NOTHING_TYPED);
  const save = useAction(api.credentials.put);
  const [replacement, setReplacement] = useState<{ readonly id: string; readonly body: unknown } | null>(null);
  const put = async (body: unknown) => {
    setReplacement(null);
    setSaved(false);
    const result = await save.run(body);
    if (!result?.ok) return;
    // Keep the secret no longer than it takes to send it.
    setDraft(NOTHING_TYPED);
    setSaved(true);
    onSaved(result.value);
  };
  // Accounts connected through the saved client would have to be connected again.
  const confirmAndPut = async (body: unknown) => {
    const id = clientIdIn(body);
    if (current === null || id === null || id === current) await put(body);
    else setReplacement({ id, body });
  };
  const takeFile = (json: unknown) => {
    // What was said of the last client is not true of this one.
    setSaved(false);
    save.clear();
    setWrongFile(!isClientFile(json));
    if (isClientFile(json)) void confirmAndPut(json);
  };
  const type = (typed: TypedClient) => {
    setSaved(false);
    setDraft(typed);
  };
  const takeTyped = () => {
    setWrongFile(false);
    void confirmAndPut({ clientId: draft.clientId.trim(), clientSecret: draft.clientSecret.trim() });
  };
  return (
    <div class="stack">
      <ClientFilePicker error={wrongFile ? t("credentials.notJson") : null} onRead={takeFile} />
      <ClientByHand draft={draft} setDraft={type} busy={save.busy} failure={save.failure} onSubmit={takeTyped} />
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
