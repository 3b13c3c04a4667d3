import type { MailServer } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { AuditRow } from "../audit.tsx";
import { MessageTable } from "../messages/table.tsx";

const SHOWN = 5;

const ServerAudit = ({ server }: { readonly server: MailServer }) => {
  const audit = useRemote(`audit ${server.id} ${server.etag}`, (signal) => api.audit({ limit: 200 }, signal));
  return (
    <Card title={t("history.title")}>
      <RemoteView handle={audit}>
        {({ items }) => {
          const own = items.filter(({ target }) => target === server.id).slice(0, SHOWN);
          return own.length === 0 ? (
            <p class="hint">{t("history.none")}</p>
          ) : (
            <ul class="rows">
              {own.map((entry) => (
                <AuditRow key={`${entry.at} ${entry.action}`} entry={entry} />
              ))}
            </ul>
          );
        }}
      </RemoteView>
    </Card>
  );
};

interface Props {
  readonly server: MailServer;
  /** Counts what was sent or tested on this page. */
  readonly activity: number;
}

export const HistoryCards = ({ server, activity }: Props) => {
  const messages = useRemote(
    `messages of ${server.id}`,
    (signal) => api.messages.list({ server: server.id, limit: SHOWN }, signal),
    { everyMs: 10_000, after: activity },
  );
  return (
    <>
      <Card
        title={t("history.messages")}
        actions={<a href={`/messages?server=${encodeURIComponent(server.id)}`}>{t("history.allMessages")}</a>}
      >
        <RemoteView handle={messages}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="hint">{t("messages.none")}</p>
            ) : (
              <MessageTable messages={items} nameOf={() => server.name} />
            )
          }
        </RemoteView>
      </Card>
      {isOperator() && <ServerAudit server={server} />}
    </>
  );
};
