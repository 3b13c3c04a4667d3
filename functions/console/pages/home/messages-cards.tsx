import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { MessageRows } from "../messages.tsx";

const SHOWN = 5;
const REFRESH_MS = 10_000;
const IN_DOUBT = { status: "unknown", limit: SHOWN } as const;

/** Those of which only a person can say whether they left. Nothing to see where there are none; a failed reading is told beside the latest ones. */
export const MessagesInDoubt = () => {
  const { remote } = useRemote("messages in doubt", (signal) => api.messages.list(IN_DOUBT, signal), {
    everyMs: REFRESH_MS,
  });
  if (remote.phase !== "ready" || remote.value.items.length === 0) return null;
  return (
    <Card title={t("home.inDoubt")} actions={<a href="/messages?status=unknown">{t("home.allInDoubt")}</a>}>
      <p class="hint">{t("home.inDoubtText")}</p>
      <MessageRows messages={remote.value.items} />
    </Card>
  );
};

/** What left last, or tried to. */
export const LatestMessages = () => {
  const messages = useRemote("latest messages", (signal) => api.messages.list({ limit: SHOWN }, signal), {
    everyMs: REFRESH_MS,
  });
  return (
    <Card title={t("history.messages")} actions={<a href="/messages">{t("home.allMessages")}</a>}>
      <RemoteView handle={messages}>
        {({ items }) =>
          items.length === 0 ? <p class="hint">{t("messages.noneText")}</p> : <MessageRows messages={items} />
        }
      </RemoteView>
    </Card>
  );
};
