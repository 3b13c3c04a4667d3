import { useState } from "preact/hooks";
import { type ApiFailure, type ApiResult, fieldFailures } from "../../api/failure.ts";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { alike, useFollowing } from "../../state/following.ts";
import { t } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Field } from "../../widgets/field.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { ServerSelect } from "../../widgets/server-select.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { entriesOf } from "../server/draft.ts";

interface AlertsDraft {
  readonly server: string;
  readonly to: string;
}

const draftOf = ({ alerts }: Settings): AlertsDraft => ({
  server: alerts?.server ?? "",
  to: alerts?.to.join("\n") ?? "",
});

const alertsOf = ({ server, to }: AlertsDraft): Settings["alerts"] =>
  server === "" ? null : { server, to: entriesOf(to) };

interface Stored {
  readonly settings: Settings;
  /** False if somebody else has changed what the draft began with. */
  readonly stored: boolean;
}

const store = async (base: AlertsDraft, draft: AlertsDraft): Promise<ApiResult<Stored>> => {
  const now = await api.settings.get();
  if (!now.ok) return now;
  if (!alike(draftOf(now.value), base)) return { ok: true, value: { settings: now.value, stored: false } };
  const changed = await api.settings.change({ alerts: alertsOf(draft) });
  return changed.ok ? { ok: true, value: { settings: changed.value, stored: true } } : changed;
};

interface FieldsProps {
  readonly draft: AlertsDraft;
  readonly setDraft: (draft: AlertsDraft) => void;
  readonly failure: ApiFailure | null;
}

const AlertsFields = ({ draft, setDraft, failure }: FieldsProps) => (
  <>
    <Field label={t("alerts.server")} hint={t("alerts.serverHint")} error={fieldFailures(failure, "/alerts/server")}>
      {(control) => (
        <ServerSelect
          control={control}
          value={draft.server}
          none={t("alerts.nobody")}
          onChoose={(server) => setDraft({ ...draft, server })}
        />
      )}
    </Field>
    {draft.server !== "" && (
      <Field label={t("alerts.to")} hint={t("alerts.toHint")} error={fieldFailures(failure, "/alerts/to")}>
        {(control) => (
          <textarea
            {...control}
            rows={2}
            required
            spellcheck={false}
            value={draft.to}
            onInput={(e) => setDraft({ ...draft, to: e.currentTarget.value })}
          />
        )}
      </Field>
    )}
  </>
);

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** Which mail server sends alerts about accounts that need reconnecting, and to whom. */
export const AlertsCard = ({ settings, onSaved }: Props) => {
  const now = draftOf(settings);
  const { base, begin, draft, setDraft, resumed } = useFollowing("alerts", now);
  const [saved, setSaved] = useState(false);
  const save = useAction(() => store(base, draft));
  const edit = (typed: AlertsDraft) => {
    setSaved(false);
    setDraft(typed);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setSaved(false);
    const result = await save.run();
    if (!result?.ok) return;
    const { settings: current, stored } = result.value;
    if (stored) begin(draftOf(current));
    setSaved(stored);
    onSaved(current);
  };
  return (
    <Card title={t("alerts.title")} id="alerts">
      <p class="hint">{t("alerts.text")}</p>
      <form onSubmit={(event) => void submit(event)}>
        <Resumed resumed={resumed} />
        <AlertsFields draft={draft} setDraft={edit} failure={save.failure} />
        {save.failure && <ProblemNotice failure={save.failure} shown={["/alerts/server", "/alerts/to"]} />}
        {!alike(now, base) && (
          <Notice
            tone="warn"
            title={t("settings.changedElsewhere")}
            actions={
              <button type="button" class="button" onClick={() => begin(now)}>
                {t("server.takeTheirs")}
              </button>
            }
          />
        )}
        <div class="actions">
          <Submit label={t("action.save")} busy={save.busy} />
        </div>
        {saved && <Notice tone="good" title={t("state.saved")} />}
      </form>
    </Card>
  );
};
