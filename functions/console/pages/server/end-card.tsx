import type { MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { Delete } from "./delete.tsx";
import { Disconnect } from "./disconnect.tsx";
import { EndRow } from "./end-row.tsx";

interface Props {
  readonly server: MailServer;
  readonly onSaved: (server: MailServer) => void;
  readonly onDisconnected: () => Promise<void>;
}

const Archive = ({ server, onSaved }: Pick<Props, "server" | "onSaved">) => {
  const archive = useAction(() => api.servers.change(server, { active: false }));
  const run = async () => {
    const result = await archive.run();
    if (result?.ok) onSaved(result.value);
  };
  return (
    <>
      <EndRow text={t("end.archiveText")}>
        <button type="button" class="button" aria-disabled={archive.busy} onClick={() => void run()}>
          {t("end.archive")}
        </button>
      </EndRow>
      {archive.failure && (
        <li>
          <ProblemNotice failure={archive.failure} />
        </li>
      )}
    </>
  );
};

/** What takes a mail server out of use, from what is easily undone to what cannot be. */
export const EndCard = ({ server, onSaved, onDisconnected }: Props) => (
  <Card title={t("end.title")}>
    <ul class="rows">
      {server.active && <Archive server={server} onSaved={onSaved} />}
      <Disconnect server={server} onDone={onDisconnected} />
      {isOperator() && <Delete server={server} />}
    </ul>
  </Card>
);
