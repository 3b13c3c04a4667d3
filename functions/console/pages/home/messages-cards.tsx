import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { MessageRows } from "../messages.tsx";

const SHOWN = 5;
/** A member's are looked for among everybody's, a page at a time: larger pages reach further back. */
const LOOKED_AT = 50;
const REFRESH_MS = 10_000;
const limit = (): number => (isOperator() ? SHOWN : LOOKED_AT);

/** Those of which only a person can say whether they left. Nothing to see where there are none; a failed reading is told beside the latest ones. */
export const MessagesInDoubt = () => {
  const { remote } = useRemote(
    "messages in doubt",
    (signal) => api.messages.list({ status: "unknown", limit: limit() }, signal),
    {
      everyMs: REFRESH_MS,
    },
  );
  if (remote.phase !== "ready" || remote.value.items.length === 0) return null;
  return (
    <Card title={t("home.inDoubt")} actions={<a href="/messages?status=unknown">{t("home.allInDoubt")}</a>}>
      <p class="hint">{t("home.inDoubtText")}</p>
      <MessageRows messages={remote.value.items.slice(0, SHOWN)} />
    </Card>
  );
};

/** What left last, or tried to. */
export const LatestMessages = () => {
  const messages = useRemote("latest messages", (signal) => api.messages.list({ limit: limit() }, signal), {
    everyMs: REFRESH_MS,
  });
  return (
    <Card title={t("history.messages")} actions={<a href="/messages">{t("home.allMessages")}</a>}>
      <RemoteView handle={messages}>
        {({ items, next }) =>
          items.length === 0 ? (
            <p class="hint">{next === null ? t("messages.noneText") : t("history.none")}</p>
          ) : (
            <MessageRows messages={items.slice(0, SHOWN)} />
          )
        }
      </RemoteView>
    </Card>
  );
};
