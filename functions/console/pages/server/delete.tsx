import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { codeOf } from "../../api/failure.ts";
import type { MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { EndRow } from "./end-row.tsx";

export const Delete = ({ server }: { readonly server: MailServer }) => {
  const { route } = useLocation();
  const [confirming, setConfirming] = useState(false);
  const [cancelMessages, setCancelMessages] = useState(false);
  const remove = useAction(() => api.servers.remove(server.id, { cancelMessages }));
  const waiting = remove.failure !== null && codeOf(remove.failure) === "has_open_messages";
  const ask = () => {
    remove.clear();
    setCancelMessages(false);
    setConfirming(true);
  };
  const confirm = async () => {
    const result = await remove.run();
    if (result?.ok) route("/servers");
  };
  return (
    <EndRow text={t("end.deleteText")}>
      <button type="button" class="button danger" onClick={ask}>
        {t("end.delete")}
      </button>
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
    </EndRow>
  );
};
