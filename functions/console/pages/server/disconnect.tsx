import { useState } from "preact/hooks";
import type { Disconnected, MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { EndRow } from "./end-row.tsx";

interface Props {
  readonly server: MailServer;
  readonly onDone: () => Promise<void>;
}

const whatOf = ({ revoked, sharedWith }: Disconnected): string => {
  if (revoked) return t("disconnect.revoked");
  return sharedWith.length > 0 ? t("disconnect.shared", { count: sharedWith.length }) : t("disconnect.unconfirmed");
};

/** An access that Google may still grant, and that no other mail server needs, is left to a person. */
const Done = ({ outcome }: { readonly outcome: Disconnected }) => (
  <li>
    <Notice tone={outcome.revoked || outcome.sharedWith.length > 0 ? "good" : "warn"} title={t("disconnect.done")}>
      <p>{whatOf(outcome)}</p>
    </Notice>
  </li>
);

export const Disconnect = ({ server, onDone }: Props) => {
  const [confirming, setConfirming] = useState(false);
  const [done, setDone] = useState<Disconnected | null>(null);
  const disconnect = useAction(() => api.servers.disconnect(server.id));
  const ask = () => {
    disconnect.clear();
    setConfirming(true);
  };
  const confirm = async () => {
    const result = await disconnect.run();
    if (!result?.ok) return;
    setDone(result.value);
    setConfirming(false);
    await onDone();
  };
  if (server.connection.state === "not_connected") return done && <Done outcome={done} />;
  return (
    <EndRow text={t("disconnect.text")}>
      <button type="button" class="button danger" onClick={ask}>
        {t("disconnect.action")}
      </button>
      <Confirm
        open={confirming}
        title={t("disconnect.title")}
        confirmLabel={t("disconnect.action")}
        danger
        busy={disconnect.busy}
        failure={disconnect.failure}
        onConfirm={() => void confirm()}
        onClose={() => setConfirming(false)}
      >
        <p>{t("disconnect.text")}</p>
        <p>{t("disconnect.sharedClient")}</p>
      </Confirm>
    </EndRow>
  );
};
