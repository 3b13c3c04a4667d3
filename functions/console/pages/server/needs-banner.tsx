import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Notice } from "../../widgets/notice.tsx";
import { ConnectLink } from "./connect-link.tsx";
import { inNeed } from "./in-need.ts";
import { Needs } from "./needs.tsx";

const REFRESH_MS = 20_000;

/** The pages that say it themselves, and more of it. */
const saysItself = (path: string, ids: readonly string[]): boolean =>
  path === "/" || ids.some((id) => path === `/servers/${id}`);

const titleOf = (stopped: number, all: number): string => {
  if (stopped === 0) return all === 1 ? t("needs.expiring") : t("needs.expiringMany");
  return stopped === 1 ? t("needs.stopped") : t("needs.stoppedMany");
};

/** Above every page as long as an account must be reconnected, or will have to be soon. A failed reading is left to the page below. */
export const NeedsBanner = ({ path }: { readonly path: string }) => {
  const { remote } = useRemote("needs", (signal) => api.servers.list(signal), { everyMs: REFRESH_MS });
  if (remote.phase !== "ready") return null;
  const servers = inNeed(remote.value.items);
  const [first] = servers;
  if (first === undefined) return null;
  const ids = servers.map(({ id }) => id);
  if (saysItself(path, ids)) return null;
  const stopped = servers.filter(({ connection }) => connection.state !== "expiring");
  return (
    <Notice
      tone={stopped.length > 0 ? "bad" : "warn"}
      title={titleOf(stopped.length, servers.length)}
      actions={servers.length === 1 && <ConnectLink server={first} class="button small" label={t("connect.again")} />}
      live={false}
    >
      <Needs servers={servers} />
    </Notice>
  );
};
