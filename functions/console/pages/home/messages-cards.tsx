import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { MessageRows } from "../messages.tsx";

const SHOWN = 5;
/** A member's messages are found by filtering everyone's page by page, so larger pages reach further back. */
const MEMBER_PAGE_SIZE = 50;
const REFRESH_MS = 10_000;
const limit = (): number => (isOperator() ? SHOWN : MEMBER_PAGE_SIZE);

interface MessagesCardProps {
  readonly status: "unknown" | "held";
  readonly title: string;
  readonly text: string;
  /** The label of the link to all of them. */
  readonly all: string;
}

/** Renders nothing if there are none; the card of latest messages reports a failed read. */
const MessagesCard = ({ status, title, text, all }: MessagesCardProps) => {
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

/** Messages not sent although sending works: those in doubt, which need a decision, and those held. */
export const UnsentMessages = () => (
  <>
    <MessagesCard status="unknown" title={t("home.inDoubt")} text={t("home.inDoubtText")} all={t("home.allInDoubt")} />
    <MessagesCard status="held" title={t("home.held")} text={t("home.heldText")} all={t("home.allHeld")} />
  </>
);

/** The messages that Relais last sent or tried to send. */
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
