import { useLocation, useRoute } from "preact-iso/router";
import type { MailServer } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { type RemoteHandle, useRemote } from "../state/remote.ts";
import { NotFoundPage, Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { Activity } from "./server/activity.tsx";
import { ArchivedNotice } from "./server/archived-notice.tsx";
import { EditCard } from "./server/edit-card.tsx";
import { EndCard } from "./server/end-card.tsx";
import { Overview } from "./server/overview.tsx";

const REFRESH_MS = 5_000;

/** Each is a page of its own, so that it can be linked to and the browser's Back leads to the one before. */
const TABS = ["overview", "activity", "settings"] as const;
type Tab = (typeof TABS)[number];

const hrefOf = (id: string, tab: Tab): string => `/servers/${id}${tab === "overview" ? "" : `/${tab}`}`;

const TabLinks = ({ id, current }: { readonly id: string; readonly current: Tab }) => (
  <nav class="tabs" aria-label={t("server.parts")}>
    {TABS.map((tab) => (
      <a key={tab} href={hrefOf(id, tab)} aria-current={tab === current ? "page" : undefined}>
        {t(`server.part.${tab}`)}
      </a>
    ))}
  </nav>
);

interface PartProps {
  readonly server: MailServer;
  readonly handle: RemoteHandle<MailServer>;
}

const Settings = ({ server, handle }: PartProps) => (
  <>
    <EditCard server={server} onSaved={handle.put} />
    <EndCard server={server} onSaved={handle.put} onDisconnected={handle.reload} />
  </>
);

const ServerById = ({ id, tab }: { readonly id: string; readonly tab: Tab }) => {
  const handle = useRemote(`server ${id}`, (signal) => api.servers.get(id, signal), { everyMs: REFRESH_MS });
  const { remote } = handle;
  return (
    <Page
      title={remote.phase === "ready" ? remote.value.name : t("server.title")}
      part={tab === "overview" ? undefined : t(`server.part.${tab}`)}
      lead={remote.phase === "ready" ? remote.value.username : undefined}
      back={{ href: "/servers", label: t("servers.title") }}
    >
      <TabLinks id={id} current={tab} />
      <RemoteView handle={handle}>
        {(server) => (
          <>
            {!server.active && <ArchivedNotice server={server} primary={tab === "overview"} onRestored={handle.put} />}
            {tab === "overview" && <Overview server={server} reload={handle.reload} />}
            {tab === "settings" && <Settings server={server} handle={handle} />}
          </>
        )}
      </RemoteView>
      {/* It needs only the id, so it reads meanwhile. */}
      {tab === "activity" && remote.phase !== "failed" && (
        <Activity id={id} name={remote.phase === "ready" ? remote.value.name : ""} />
      )}
    </Page>
  );
};

export const ServerPage = () => {
  const { id = "", tab: wanted } = useRoute().params;
  const { path } = useLocation();
  const tab = TABS.find((one) => path === hrefOf(id, one)) ?? (wanted === undefined ? "overview" : undefined);
  return tab === undefined ? <NotFoundPage /> : <ServerById key={id} id={id} tab={tab} />;
};
