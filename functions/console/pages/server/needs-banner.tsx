import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Notice } from "../../widgets/notice.tsx";
import { ConnectLink } from "./connect-link.tsx";
import { connectOffer } from "./connect-offer.ts";
import { needingAttention } from "./needing-attention.ts";
import { Needs } from "./needs.tsx";

const REFRESH_MS = 20_000;

/** These pages show the same problem in more detail. */
const showsItself = (path: string, ids: readonly string[]): boolean =>
  path === "/" || ids.some((id) => path === `/servers/${id}`);

const titleOf = (stopped: number, all: number): string => {
  if (stopped === 0) return all === 1 ? t("needs.expiring") : t("needs.expiringMany");
  return stopped === 1 ? t("needs.stopped") : t("needs.stoppedMany");
};

/** Shown above every page while an account needs a person, now or soon. The page itself reports a failed read. */
export const NeedsBanner = ({ path }: { readonly path: string }) => {
  const { remote } = useRemote("needs", (signal) => api.servers.list(signal), { everyMs: REFRESH_MS });
  if (remote.phase !== "ready") return null;
  const servers = needingAttention(remote.value.items);
  const [first] = servers;
  if (first === undefined) return null;
  const ids = servers.map(({ id }) => id);
  if (showsItself(path, ids)) return null;
  const offer = connectOffer(first.connection);
  const stopped = servers.filter(({ connection }) => connection.state !== "expiring");
  return (
    <Notice
      tone={stopped.length > 0 ? "bad" : "warn"}
      title={titleOf(stopped.length, servers.length)}
      actions={servers.length === 1 && offer && <ConnectLink server={first} class="button small" label={t(offer)} />}
      live={false}
    >
      <Needs servers={servers} />
    </Notice>
  );
};
