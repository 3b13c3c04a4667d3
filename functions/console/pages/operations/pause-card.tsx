import { useState } from "preact/hooks";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Badge } from "../../widgets/badge.tsx";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** Pauses and resumes all sending. Pausing asks for confirmation; resuming does not. */
export const PauseCard = ({ settings, onSaved }: Props) => {
  const [confirming, setConfirming] = useState(false);
  const save = useAction((paused: boolean) => api.settings.change({ paused }));
  const ask = () => {
    save.clear();
    setConfirming(true);
  };
  const set = async (paused: boolean) => {
    const result = await save.run(paused);
    if (!result?.ok) return;
    setConfirming(false);
    onSaved(result.value);
  };
  return (
    <Card
      title={t("pause.title")}
      actions={
        settings.paused ? (
          <Badge tone="warn" icon="pause" text={t("pause.paused")} />
        ) : (
          <Badge tone="good" icon="check" text={t("pause.running")} />
        )
      }
    >
      <p class="hint">{t("pause.text")}</p>
      <div class="actions">
        {settings.paused ? (
          <button type="button" class="button primary" aria-disabled={save.busy} onClick={() => void set(false)}>
            {save.busy ? t("state.working") : t("pause.resume")}
          </button>
        ) : (
          <button type="button" class="button danger" onClick={ask}>
            {t("pause.pause")}
          </button>
        )}
      </div>
      {!confirming && save.failure && <ProblemNotice failure={save.failure} />}
      <Confirm
        open={confirming}
        title={t("pause.confirm")}
        confirmLabel={t("pause.pause")}
        danger
        busy={save.busy}
        failure={save.failure}
        onConfirm={() => void set(true)}
        onClose={() => setConfirming(false)}
      >
        <p>{t("pause.confirmServers")}</p>
        <p>{t("pause.confirmPrograms")}</p>
        <p>{t("pause.confirmTooLate")}</p>
      </Confirm>
    </Card>
  );
};
