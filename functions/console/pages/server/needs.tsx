import type { MailServer } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { language, number, t } from "../../state/language.ts";
import { Ago } from "../../widgets/time.tsx";

/** The server, what is wrong with it, and what to do. */
const Need = ({ server: { id, name, connection } }: { readonly server: MailServer }) => {
  const text = connection.reason === null ? null : problemText(connection.reason, language.value);
  return (
    <>
      <a href={`/servers/${id}`}>{name}</a>
      {t("colon")} {text?.title ?? t(`connection.${connection.state}`)}
      {connection.state === "expiring" && connection.expiresAt !== null && (
        <>
          {" ("}
          {t("connection.ends")} <Ago iso={connection.expiresAt} />)
        </>
      )}
      {". "}
      {text?.advice ?? connection.advice}
    </>
  );
};

const SHOWN = 4;

/** One sentence for a single server, a list for several; a long list ends in a link to all servers. */
export const Needs = ({ servers }: { readonly servers: readonly MailServer[] }) => {
  const [first] = servers;
  if (first === undefined) return null;
  if (servers.length === 1)
    return (
      <p>
        <Need server={first} />
      </p>
    );
  const shown = servers.length <= SHOWN + 1 ? servers : servers.slice(0, SHOWN);
  return (
    <>
      <ul>
        {shown.map((server) => (
          <li key={server.id}>
            <Need server={server} />
          </li>
        ))}
      </ul>
      {shown.length < servers.length && (
        <p>
          <a href="/servers">{t("home.moreServers", { count: number(servers.length - shown.length) })}</a>
        </p>
      )}
    </>
  );
};
