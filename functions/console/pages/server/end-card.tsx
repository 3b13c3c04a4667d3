import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { codeOf } from "../../api/failure.ts";
import type { MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";

interface Props {
  readonly server: MailServer;
  readonly onSaved: (server: MailServer) => void;
}

/** Takes a mail server out of use, for now (archive) or for good (delete). */
export const EndCard = ({ server, onSaved }: Props) => {
  const { route } = useLocation();
  const [confirming, setConfirming] = useState(false);
  const [cancelMessages, setCancelMessages] = useState(false);
  const archive = useAction(() => api.servers.change(server, { active: !server.active }));
  const remove = useAction(() => api.servers.remove(server.id, { cancelMessages }));
  const waiting = remove.failure !== null && codeOf(remove.failure) === "has_open_messages";
  const archiveLabel = server.active ? t("end.archive") : t("end.activate");
  const switchActive = async () => {
    const result = await archive.run();
    if (result?.ok) onSaved(result.value);
  };
  const confirm = async () => {
    const result = await remove.run();
    if (result?.ok) route("/servers");
  };
  return (
    <Card title={isOperator() ? t("end.title") : archiveLabel}>
      <p class="hint">{server.active ? t("end.archiveText") : t("end.activateText")}</p>
      <div class="actions">
        <button type="button" class="button" aria-disabled={archive.busy} onClick={() => void switchActive()}>
          {archiveLabel}
        </button>
        {isOperator() && (
          <button
            type="button"
            class="button danger"
            onClick={() => {
              remove.clear();
              setCancelMessages(false);
              setConfirming(true);
            }}
          >
            {t("end.delete")}
          </button>
        )}
      </div>
      {archive.failure && <ProblemNotice failure={archive.failure} />}
      <Confirm
        open={confirming}
        title={t("end.deleteTitle", { name: server.name })}
        confirmLabel={t("end.delete")}
        danger
        busy={remove.busy}
        failure={remove.failure}
        onConfirm={() => void confirm()}
        onClose={() => setConfirming(false)}
      >
        <p>{t("end.deleteText")}</p>
        {server.connection.state !== "not_connected" && <p>{t("disconnect.sharedClient")}</p>}
        {(waiting || cancelMessages) && (
          <label class="check">
            <input
              type="checkbox"
              checked={cancelMessages}
              onChange={(event) => setCancelMessages(event.currentTarget.checked)}
            />
            <span>{t("end.cancelMessages")}</span>
          </label>
        )}
      </Confirm>
    </Card>
  );
};
