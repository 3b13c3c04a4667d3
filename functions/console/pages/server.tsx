import { useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso/router";
import type { MailServer } from "../api/types.ts";
import { problemText } from "../i18n/problem-text.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { type RemoteHandle, useRemote } from "../state/remote.ts";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { ConnectLink } from "./server/connect-link.tsx";
import { ConnectionCard } from "./server/connection-card.tsx";
import { EditCard } from "./server/edit-card.tsx";
import { EndCard } from "./server/end-card.tsx";
import { HistoryCards } from "./server/history-card.tsx";
import { LimitsCard } from "./server/limits-card.tsx";
import { MailCard } from "./server/mail-card.tsx";
import { TestCard } from "./server/test-card.tsx";

const REFRESH_MS = 5_000;

/** How the consent ended, as `confirm-callback` reports it in the URL. */
const ConsentOutcome = ({ server }: { readonly server: MailServer }) => {
  const { query, path, route } = useLocation();
  const dismiss = (
    <button type="button" class="button small" onClick={() => route(path, true)}>
      {t("action.dismiss")}
    </button>
  );
  if (query.problem !== undefined) {
    const { title, advice } = problemText(query.problem, language.value);
    const otherAccount = query.problem === "account_mismatch";
    return (
      <Notice
        tone="bad"
        title={title}
        actions={
          <>
            <ConnectLink
              server={server}
              class="button small"
              label={otherAccount ? t("connect.another") : t("connect.retry")}
            />
            {dismiss}
          </>
        }
      >
        {otherAccount && <p>{t("connect.expected", { username: server.username })}</p>}
        <p>{advice}</p>
      </Notice>
    );
  }
  if (query.connected === "1" && server.connection.state !== "not_connected")
    return (
      <Notice tone="good" title={t("connection.nowConnected")} actions={dismiss}>
        <p>{t("connection.nowConnectedText")}</p>
      </Notice>
    );
  return null;
};

interface DetailsProps {
  readonly server: MailServer;
  readonly handle: RemoteHandle<MailServer>;
}

const Details = ({ server, handle }: DetailsProps) => {
  const connected = server.connection.state !== "not_connected";
  const [activity, setActivity] = useState(0);
  const countActivity = async () => {
    setActivity((before) => before + 1);
    await handle.reload();
  };
  return (
    <>
      <ConsentOutcome server={server} />
      {!server.active && <Notice tone="info" title={t("server.archivedText")} live={false} />}
      <ConnectionCard server={server} onChanged={handle.reload} />
      {connected && <TestCard server={server} onTested={countActivity} />}
      {connected && server.active && <MailCard server={server} onSent={countActivity} />}
      {connected && <LimitsCard server={server} activity={activity} />}
      <HistoryCards server={server} activity={activity} />
      <EditCard server={server} onSaved={handle.put} />
      <EndCard server={server} onSaved={handle.put} />
    </>
  );
};

const ServerById = ({ id }: { readonly id: string }) => {
  const handle = useRemote(`server ${id}`, (signal) => api.servers.get(id, signal), { everyMs: REFRESH_MS });
  const { remote } = handle;
  return (
    <Page
      title={remote.phase === "ready" ? remote.value.name : t("server.title")}
      lead={remote.phase === "ready" ? remote.value.username : undefined}
      back={{ href: "/servers", label: t("servers.title") }}
    >
      <RemoteView handle={handle}>{(server) => <Details server={server} handle={handle} />}</RemoteView>
    </Page>
  );
};

export const ServerPage = () => {
  const { id = "" } = useRoute().params;
  return <ServerById key={id} id={id} />;
};
