import { useState } from "preact/hooks";
import { fieldFailures } from "../../api/failure.ts";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Field } from "../../widgets/field.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { ServerSelect } from "../../widgets/server-select.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { entriesOf } from "../server/draft.ts";

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

const draftOf = ({ alerts }: Settings) => ({ server: alerts?.server ?? "", to: alerts?.to.join("\n") ?? "" });

/** Which mail server sends alerts about accounts that need reconnecting, and to whom. */
export const AlertsCard = ({ settings, onSaved }: Props) => {
  const { draft, setDraft, resumed } = useDraft("alerts", draftOf(settings));
  const [saved, setSaved] = useState(false);
  const save = useAction(() =>
    api.settings.change({ alerts: draft.server === "" ? null : { server: draft.server, to: entriesOf(draft.to) } }),
  );
  const submit = async (event: Event) => {
    event.preventDefault();
    setSaved(false);
    const result = await save.run();
    if (!result?.ok) return;
    setDraft(draftOf(result.value));
    setSaved(true);
    onSaved(result.value);
  };
  return (
    <Card title={t("alerts.title")} id="alerts">
      <p class="hint">{t("alerts.text")}</p>
      <form onSubmit={(event) => void submit(event)}>
        <Resumed resumed={resumed} />
        <Field
          label={t("alerts.server")}
          hint={t("alerts.serverHint")}
          error={fieldFailures(save.failure, "/alerts/server")}
        >
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
          <Field label={t("alerts.to")} hint={t("alerts.toHint")} error={fieldFailures(save.failure, "/alerts/to")}>
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
        {save.failure && <ProblemNotice failure={save.failure} shown={["/alerts/server", "/alerts/to"]} />}
        <div class="actions">
          <Submit label={t("action.save")} busy={save.busy} />
        </div>
        {saved && <Notice tone="good" title={t("state.saved")} />}
      </form>
    </Card>
  );
};
