import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import { isFinalStatus } from "../../domain/messages/statuses.ts";
import type { Message, SmtpReply } from "../api/types.ts";
import { problemText } from "../i18n/problem-text.ts";
import { api } from "../state/api.ts";
import { language, t, tOr } from "../state/language.ts";
import { listPath } from "../state/list-path.ts";
import { useRemote } from "../state/remote.ts";
import { MessageBadge } from "../widgets/badge.tsx";
import { messageLook } from "../widgets/looks.ts";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { Ago, When } from "../widgets/time.tsx";
import { ActionsCard } from "./message/actions-card.tsx";
import { ContentCard } from "./message/content-card.tsx";
import { FactsCard } from "./message/facts-card.tsx";
import { lastRefusal, refusedOfSent } from "./message/history.ts";
import { RefusedRecipients } from "./message/refused-recipients.tsx";
import { replyText, Timeline } from "./message/timeline.tsx";

/** The other side's reply, word for word. */
const Reply = ({ reply }: { readonly reply: SmtpReply | null }) =>
  reply === null ? null : <blockquote class="mono">{replyText(reply)}</blockquote>;

const reasonOf = (message: Message): string | null => message.heldBecause ?? lastRefusal(message)?.problem ?? null;

/** Some recipients have it and some do not: says who, why, and what to do. */
const PartlySent = ({ message }: { readonly message: Message }) => (
  <Notice tone="warn" title={t("message.says.partlySent")}>
    <p>{t("message.partlySentText")}</p>
    <RefusedRecipients message={message} />
  </Notice>
);

/** Says in one sentence where the message stands, then why and when the next attempt is. */
const StatusSummary = ({ message }: { readonly message: Message }) => {
  if (refusedOfSent(message) > 0) return <PartlySent message={message} />;
  const because = reasonOf(message);
  const reason = because === null ? null : problemText(because, language.value);
  return (
    <Notice
      tone={messageLook(message.status).notice}
      title={tOr(`message.says.${message.status}`, t("message.says.later"))}
    >
      {reason && (
        <p>
          {reason.title}. {reason.advice}
        </p>
      )}
      {message.heldBecause === null && <Reply reply={lastRefusal(message)?.reply ?? null} />}
      {message.status === "deferred" && message.nextAttemptAt && (
        <p>
          {t("message.nextAttempt")} <When iso={message.nextAttemptAt} /> (<Ago iso={message.nextAttemptAt} />)
        </p>
      )}
    </Notice>
  );
};

const MessageById = ({ id }: { readonly id: string }) => {
  const [moving, setMoving] = useState(false);
  const handle = useRemote(`message ${id}`, (signal) => api.messages.get(id, signal), {
    everyMs: moving ? 1_000 : 4_000,
  });
  const { remote } = handle;
  const message = remote.phase === "ready" ? remote.value : null;
  const status = message?.status;
  useEffect(() => setMoving(status !== undefined && messageLook(status).changesSoon), [status]);
  return (
    <Page
      title={message === null ? t("message.title") : message.subject || t("message.noSubject")}
      back={{ href: listPath(), label: t("messages.title") }}
      actions={
        message && (
          <MessageBadge status={message.status} refused={refusedOfSent(message)} heldBecause={message.heldBecause} />
        )
      }
    >
      <RemoteView handle={handle}>
        {(shown) => (
          <>
            <StatusSummary message={shown} />
            <ActionsCard key={isFinalStatus(shown.status) ? "final" : "open"} message={shown} onDone={handle.reload} />
            <ContentCard message={shown} />
            <FactsCard message={shown} />
            <Timeline message={shown} />
          </>
        )}
      </RemoteView>
    </Page>
  );
};

export const MessagePage = () => {
  const { id = "" } = useRoute().params;
  return <MessageById key={id} id={id} />;
};
