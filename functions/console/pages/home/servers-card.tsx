import type { MailServer } from "../../api/types.ts";
import { number, t } from "../../state/language.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { Empty } from "../../widgets/remote-view.tsx";
import { needingAttention } from "../server/needing-attention.ts";
import { ServerRow } from "../servers.tsx";

const SHOWN = 6;

/** If there is not room for all, those that need attention come first. */
const shownOf = (servers: readonly MailServer[]): readonly MailServer[] => {
  if (servers.length <= SHOWN + 1) return servers;
  const unfinished = servers.filter(({ connection }) => connection.state === "not_connected");
  return [...new Set([...needingAttention(servers), ...unfinished, ...servers])].slice(0, SHOWN);
};

/** `servers` are the active ones. */
export const ServersCard = ({ servers }: { readonly servers: readonly MailServer[] }) => {
  const shown = shownOf(servers);
  return (
    <Card title={t("servers.title")} actions={<a href="/servers">{t("home.allServers")}</a>}>
      {servers.length === 0 ? (
        <Empty title={t("servers.none")}>
          <p>{isOperator() ? t("servers.noneOperator") : t("servers.noneMember")}</p>
        </Empty>
      ) : (
        <ul class="rows">
          {shown.map((server) => (
            <ServerRow key={server.id} server={server} />
          ))}
        </ul>
      )}
      {shown.length < servers.length && (
        <p>
          <a href="/servers">{t("home.moreServers", { count: number(servers.length - shown.length) })}</a>
        </p>
      )}
    </Card>
  );
};
