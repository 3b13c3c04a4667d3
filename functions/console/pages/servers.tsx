import { useLocation } from "preact-iso/router";
import type { MailServer } from "../api/types.ts";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { isOperator } from "../state/session-signal.ts";
import { Badge, ConnectionBadge } from "../widgets/badge.tsx";
import { Page } from "../widgets/page.tsx";
import { Empty, RemoteView } from "../widgets/remote-view.tsx";
import { Ago } from "../widgets/time.tsx";
import { ConnectLink } from "./server/connect-link.tsx";
import { connectOffer } from "./server/connect-offer.ts";
import { needingAttention } from "./server/needing-attention.ts";
import { matching, Search } from "./servers/search.tsx";

const REFRESH_MS = 10_000;

const Forecast = ({ server: { connection } }: { readonly server: MailServer }) => {
  if (connection.state === "expiring" && connection.expiresAt !== null)
    return (
      <span class="fine">
        {t("connection.endsAt")} <Ago iso={connection.expiresAt} />
      </span>
    );
  if (connection.lastVerifiedAt !== null)
    return (
      <span class="fine">
        {t("connection.verified")} <Ago iso={connection.lastVerifiedAt} />
      </span>
    );
  return null;
};

export const ServerRow = ({ server }: { readonly server: MailServer }) => {
  const offer = connectOffer(server.connection);
  return (
    <li class="clickable">
      <div class="row-main">
        <span class="row-title">
          <a href={`/servers/${server.id}`}>{server.name}</a>
        </span>
        <span class="fine">
          {server.username} · {t(`transport.${server.transport}`)}
          {server.description !== "" && ` · ${server.description}`}
        </span>
        <Forecast server={server} />
      </div>
      <div class="row-side">
        {!server.active && <Badge tone="neutral" icon="archive" text={t("server.archived")} />}
        <ConnectionBadge state={server.connection.state} />
        {server.active && offer !== null && (
          <ConnectLink server={server} class="button small" label={t(offer)} name={server.name} />
        )}
      </div>
    </li>
  );
};

const attentionRank = (server: MailServer): number => needingAttention([server]).length;

const byUse = (a: MailServer, b: MailServer): number =>
  Number(b.active) - Number(a.active) ||
  attentionRank(b) - attentionRank(a) ||
  a.priority - b.priority ||
  a.name.localeCompare(b.name);

/** Up to this many are easy to scan without a search. */
const FEW = 12;

const Found = ({ servers }: { readonly servers: readonly MailServer[] }) => {
  const wanted = useLocation().query.q ?? "";
  const found = matching(servers, wanted).toSorted(byUse);
  return (
    <>
      {(servers.length > FEW || wanted !== "") && <Search wanted={wanted} />}
      {found.length === 0 ? (
        <Empty title={t("servers.noneFound")}>
          <a href="/servers">{t("servers.all")}</a>
        </Empty>
      ) : (
        <ul class="rows">
          {found.map((server) => (
            <ServerRow key={server.id} server={server} />
          ))}
        </ul>
      )}
    </>
  );
};

export const ServersPage = () => {
  const servers = useRemote("servers", (signal) => api.servers.list(signal), { everyMs: REFRESH_MS });
  return (
    <Page
      title={t("servers.title")}
      lead={isOperator() ? t("servers.lead") : t("servers.leadMember")}
      actions={
        isOperator() && (
          <a class="button primary" href="/servers/new">
            {t("servers.new")}
          </a>
        )
      }
    >
      <RemoteView handle={servers}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("servers.none")}>
              <p>{isOperator() ? t("servers.noneOperator") : t("servers.noneMember")}</p>
            </Empty>
          ) : (
            <Found servers={items} />
          )
        }
      </RemoteView>
    </Page>
  );
};
