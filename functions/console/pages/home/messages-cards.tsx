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

interface SomeProps {
  readonly status: "unknown" | "held";
  readonly title: string;
  readonly text: string;
  /** What the link to all of them is called. */
  readonly all: string;
}

/** Nothing to see where there are none; a failed reading is told beside the latest ones. */
const Some = ({ status, title, text, all }: SomeProps) => {
  const { remote } = useRemote(
    `messages ${status}`,
    (signal) => api.messages.list({ status, limit: limit() }, signal),
    {
      everyMs: REFRESH_MS,
    },
  );
  if (remote.phase !== "ready" || remote.value.items.length === 0) return null;
  return (
    <Card title={title} actions={<a href={`/messages?status=${status}`}>{all}</a>}>
      <p class="hint">{text}</p>
      <MessageRows messages={remote.value.items.slice(0, SHOWN)} />
    </Card>
  );
};

/** What has not left although mail can: those of which only a person can say whether they did, and those that something holds back. */
export const MessagesNotSent = () => (
  <>
    <Some status="unknown" title={t("home.inDoubt")} text={t("home.inDoubtText")} all={t("home.allInDoubt")} />
    <Some status="held" title={t("home.held")} text={t("home.heldText")} all={t("home.allHeld")} />
  </>
);

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
            <>
              <p class="hint">{next === null ? t("messages.noneText") : t("history.none")}</p>
              {next === null && isOperator() && (
                <p>
                  <a href="/settings#keys">{t("setup.program")}</a>
                </p>
              )}
            </>
          ) : (
            <MessageRows messages={items.slice(0, SHOWN)} />
          )
        }
      </RemoteView>
    </Card>
  );
};
