import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { Coming, RemoteView } from "../../widgets/remote-view.tsx";
import { MessageTable } from "../messages/table.tsx";

const SHOWN = 5;
/** A member's messages are found by filtering everyone's page by page, so larger pages reach further back. */
const MEMBER_PAGE_SIZE = 50;
const REFRESH_MS = 10_000;
const limit = (): number => (isOperator() ? 2 * SHOWN : MEMBER_PAGE_SIZE);

/** Messages of which nobody knows whether they were sent, which need a decision; nothing if there are none. */
export const InDoubt = () => {
  const nameOf = useServerNames();
  const { remote } = useRemote(
    "messages in doubt",
    (signal) => api.messages.list({ status: "unknown", limit: limit() }, signal),
    { everyMs: REFRESH_MS },
  );
  if (remote.phase === "loading") return <Coming />;
  if (remote.phase === "failed" || remote.value.items.length === 0) return null;
  return (
    <Card title={t("home.inDoubt")} actions={<a href="/messages?status=unknown">{t("home.allInDoubt")}</a>}>
      <p class="hint">{t("home.inDoubtText")}</p>
      <MessageTable messages={remote.value.items.slice(0, SHOWN)} nameOf={nameOf} />
    </Card>
  );
};

/** The messages that Relais last sent or tried to send, but for those in doubt, which the page shows above. */
export const LatestMessages = () => {
  const nameOf = useServerNames();
  const messages = useRemote("latest messages", (signal) => api.messages.list({ limit: limit() }, signal), {
    everyMs: REFRESH_MS,
  });
  return (
    <Card title={t("history.messages")} actions={<a href="/messages">{t("home.allMessages")}</a>}>
      <RemoteView handle={messages}>
        {({ items: all, next }) => {
          const items = all.filter(({ status }) => status !== "unknown");
          return items.length === 0 ? (
            <>
              <p class="hint">{next === null ? t("messages.noneText") : t("history.none")}</p>
              {next === null && isOperator() && (
                <p>
                  <a href="/keys">{t("setup.program")}</a>
                </p>
              )}
            </>
          ) : (
            <MessageTable messages={items.slice(0, SHOWN)} nameOf={nameOf} />
          );
        }}
      </RemoteView>
    </Card>
  );
};
