import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useLazy } from "../../state/lazy.tsx";
import { useRemote } from "../../state/remote.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { byDay, byHour, DAYS, dayStart } from "../home/figures.ts";
import { MessageTable } from "../messages/table.tsx";
import { ServerAudit } from "./history-card.tsx";

const SHOWN = 10;
const REFRESH_MS = 10_000;

interface Props {
  readonly id: string;
}

/** What became of the server's mail, from the counts of `GET /v1/stats`. */
const Figures = ({ id }: Props) => {
  const from = dayStart(new Date(), 1 - DAYS).toISOString();
  const stats = useRemote(`stats of ${id}`, (signal) => api.stats({ from, by: "hour", server: id }, signal), {
    everyMs: REFRESH_MS,
  });
  const Charts = useLazy(async () => (await import("../home/charts.tsx")).Charts);
  return (
    <RemoteView handle={stats}>
      {({ items }) => {
        const now = new Date();
        return Charts && <Charts days={byDay(items, now)} hours={byHour(items, now)} />;
      }}
    </RemoteView>
  );
};

const LatestMessages = ({ id, name }: Props & { readonly name: string }) => {
  const messages = useRemote(`messages of ${id}`, (signal) => api.messages.list({ server: id, limit: SHOWN }, signal), {
    everyMs: REFRESH_MS,
  });
  return (
    <Card
      title={t("history.messages")}
      actions={<a href={`/messages?server=${encodeURIComponent(id)}`}>{t("history.allMessages")}</a>}
    >
      <RemoteView handle={messages}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="hint">{t("messages.none")}</p>
          ) : (
            <MessageTable messages={items} nameOf={() => name} />
          )
        }
      </RemoteView>
    </Card>
  );
};

/** What went through a mail server, and who changed it. */
export const Activity = ({ id, name }: Props & { readonly name: string }) => (
  <>
    <Figures id={id} />
    <LatestMessages id={id} name={name} />
    {isOperator() && <ServerAudit id={id} />}
  </>
);
