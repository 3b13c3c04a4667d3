import { useState } from "preact/hooks";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useFollowing } from "../../state/following.ts";
import { t } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { draftOf, type PeopleDraft, POINTERS, patchOf, removedOperator } from "./people-draft.ts";
import { PeopleFields } from "./people-fields.tsx";

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** Who may do what, and how long messages are kept. */
export const PeopleCard = ({ settings, onSaved }: Props) => {
  const { base, begin, draft, setDraft, resumed } = useFollowing("people", draftOf(settings));
  const [saved, setSaved] = useState(false);
  const save = useAction(async () => {
    const now = await api.settings.get();
    return now.ok ? api.settings.change(patchOf(base, draft, draftOf(now.value))) : now;
  });
  const form = useFirstRefused(save.failure);
  const [confirming, setConfirming] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const out = removedOperator(base, draft);
    if (out === null) void store();
    else setConfirming(out);
  };
  const edit = (typed: PeopleDraft) => {
    setSaved(false);
    setDraft(typed);
  };
  const store = async () => {
    setConfirming(null);
    setSaved(false);
    const result = await save.run();
    if (!result?.ok) return;
    begin(draftOf(result.value));
    setSaved(true);
    onSaved(result.value);
  };
  return (
    <Card title={t("people.title")} id="people">
      <form ref={form} onSubmit={submit}>
        <Resumed resumed={resumed} />
        <PeopleFields draft={draft} setDraft={edit} failure={save.failure} />
        {save.failure && <ProblemNotice failure={save.failure} shown={POINTERS} />}
        <div class="actions">
          <Submit label={t("action.save")} busy={save.busy} />
        </div>
        {saved && <Notice tone="good" title={t("state.saved")} />}
      </form>
      <Confirm
        open={confirming !== null}
        title={t("people.outTitle")}
        confirmLabel={t("people.out")}
        danger
        busy={save.busy}
        failure={null}
        onConfirm={() => void store()}
        onClose={() => setConfirming(null)}
      >
        <p>{t("people.outText", { address: confirming ?? "" })}</p>
      </Confirm>
    </Card>
  );
};
