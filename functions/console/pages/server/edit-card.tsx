import { useRef, useState } from "preact/hooks";
import type { MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { draftOf, patchOf, type ServerDraft } from "./draft.ts";
import { ServerForm } from "./form.tsx";

interface Props {
  readonly server: MailServer;
  readonly onSaved: (server: MailServer) => void;
}

/**
 * The form starts from one version of the record and saves only if that version is still current (`If-Match`). Polling
 * does not overwrite what is being typed; if the version has changed, the form says so and offers the new one.
 */
export const EditCard = ({ server, onSaved }: Props) => {
  const [base, setBase] = useState(server);
  const [saved, setSaved] = useState(false);
  const edited = useRef(false);
  // Another form replaces this one only when its reader asks for it: a save leaves the focus and what is typed.
  const [round, setRound] = useState(0);
  const save = useAction((draft: ServerDraft) => api.servers.change(base, patchOf(draftOf(base), draft)));
  const read = useAction(() => api.servers.get(server.id));
  // What Relais itself writes (badge, times) changes the etag but nothing in this form: that is not a conflict.
  const same = JSON.stringify(draftOf(server)) === JSON.stringify(draftOf(base));
  if (same && server.etag !== base.etag) setBase(server);
  const stale = save.failure?.kind === "problem" && save.failure.problem.code === "stale";
  const submit = async (draft: ServerDraft) => {
    setSaved(false);
    edited.current = false;
    const result = await save.run(draft);
    if (!result?.ok) return null;
    setBase(result.value);
    setSaved(!edited.current);
    onSaved(result.value);
    return draftOf(result.value);
  };
  const edit = () => {
    edited.current = true;
    setSaved(false);
  };
  const startAgain = async () => {
    const theirs = await read.run();
    if (!theirs?.ok) return;
    save.clear();
    setSaved(false);
    setBase(theirs.value);
    setRound((before) => before + 1);
    onSaved(theirs.value);
  };
  return (
    <Card title={t("server.details")}>
      <ServerForm
        key={round}
        initial={draftOf(base)}
        submitLabel={t("action.save")}
        busy={save.busy}
        failure={save.failure}
        onEdit={edit}
        onSubmit={submit}
      />
      {(stale || !same) && (
        <Notice
          tone="warn"
          title={t("server.changedElsewhere")}
          actions={
            <button type="button" class="button" onClick={() => void startAgain()}>
              {t("server.takeTheirs")}
            </button>
          }
        />
      )}
      {saved && same && <Notice tone="good" title={t("state.saved")} />}
    </Card>
  );
};
