import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import type { Message, SmtpReply } from "../api/types.ts";
import { problemText } from "../i18n/problem-text.ts";
import { api } from "../state/api.ts";
import { language, note, t, tOr } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { useServerNames } from "../state/server-names.ts";
import { MessageBadge } from "../widgets/badge.tsx";
import { Card } from "../widgets/card.tsx";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { Ago, When } from "../widgets/time.tsx";
import { ActsCard } from "./message/acts-card.tsx";
import { type Happening, happeningsOf, isFinal, lastRefusal, refusedOf } from "./message/history.ts";

/** What the other side said, in its own words. */
const Reply = ({ reply }: { readonly reply: SmtpReply | null }) =>
  reply === null ? null : (
    <blockquote class="mono">
      {reply.code} {reply.enhanced ?? ""} {reply.response}
    </blockquote>
  );

const Line = ({ happening }: { readonly happening: Happening }) => {
  if (happening.kind === "status")
    return (
      <>
        <strong>{tOr(`message.status.${happening.status}`, happening.status)}</strong>
        {happening.note && <span>{note(happening.note)}</span>}
      </>
    );
  const problem = happening.problem === null ? null : problemText(happening.problem, language.value);
  return (
    <>
      <strong>{t("message.attempt", { outcome: tOr(`attempt.${happening.outcome}`, happening.outcome) })}</strong>
      {problem && (
        <span>
          {problem.title}. {problem.advice}
        </span>
      )}
      <Reply reply={happening.reply} />
    </>
  );
};

const Timeline = ({ message }: { readonly message: Message }) => {
  const happenings = happeningsOf(message);
  return (
    <Card title={t("message.timeline")}>
      {happenings.length === 0 ? (
        <p class="hint">{t("message.noTimeline")}</p>
      ) : (
        <ol class="timeline">
          {happenings.map((happening, index) => (
            <li key={`${happening.at} ${index}`}>
              <span class="fine">
                <When iso={happening.at} seconds />
              </span>
              <Line happening={happening} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
};

interface FactProps {
  readonly name: string;
  /** What is long and of one word takes two columns. */
  readonly broad?: true;
  readonly children: ComponentChildren;
}

const Fact = ({ name, broad, children }: FactProps) => (
  <div class={broad && "broad"}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const ServerLink = ({ id }: { readonly id: string }) => <a href={`/servers/${id}`}>{useServerNames()(id)}</a>;

const FactsCard = ({ message }: { readonly message: Message }) => (
  <Card title={t("message.facts")}>
    <dl class="facts">
      {message.from !== undefined && <Fact name={t("message.from")}>{message.from}</Fact>}
      {(["to", "cc", "bcc"] as const).map((header) => {
        const addresses = message[header] ?? [];
        return (
          addresses.length > 0 && (
            <Fact key={header} name={t(`message.${header}`)}>
              {addresses.join(", ")}
            </Fact>
          )
        );
      })}
      <Fact name={t("message.server")}>
        <ServerLink id={message.server} />
      </Fact>
      {message.createdAt && (
        <Fact name={t("message.createdAt")}>
          <When iso={message.createdAt} />
        </Fact>
      )}
      {message.scheduledAt && (
        <Fact name={t("message.scheduledAt")}>
          <When iso={message.scheduledAt} />
        </Fact>
      )}
      {message.expiresAt && (
        <Fact name={t("message.expiresAt")}>
          <When iso={message.expiresAt} />
        </Fact>
      )}
      <Fact name="Message-ID" broad>
        <span class="mono">{message.messageId}</span>
      </Fact>
    </dl>
    <Refused message={message} />
  </Card>
);

const Refused = ({ message }: { readonly message: Message }) => {
  const refused = refusedOf(message);
  if (refused.length === 0) return null;
  return (
    <Notice tone="warn" title={t("message.refused")} live={false}>
      <ul>
        {refused.map(({ address, said }) => (
          <li key={address}>
            {address}
            {said && <span class="mono"> – {said}</span>}
          </li>
        ))}
      </ul>
    </Notice>
  );
};

const TONE = { sent: "good", failed: "bad", held: "warn", deferred: "warn", unknown: "warn" } as const;

const reasonOf = ({ heldBecause = null, ...message }: Message): string | null =>
  heldBecause ?? lastRefusal(message)?.problem ?? null;

/** Where it stands in one sentence, why, and when it is tried again. */
const Standing = ({ message }: { readonly message: Message }) => {
  const tone = message.status in TONE ? TONE[message.status as keyof typeof TONE] : "info";
  const because = reasonOf(message);
  const reason = because === null ? null : problemText(because, language.value);
  return (
    <Notice tone={tone} title={t(`message.says.${message.status}`)}>
      {reason && (
        <p>
          {reason.title}. {reason.advice}
        </p>
      )}
      {(message.heldBecause ?? null) === null && <Reply reply={lastRefusal(message)?.reply ?? null} />}
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
  useEffect(() => setMoving(status === "queued" || status === "sending"), [status]);
  return (
    <Page
      title={message?.subject || t("message.title")}
      back={{ href: "/messages", label: t("messages.title") }}
      actions={message && <MessageBadge status={message.status} />}
    >
      <RemoteView handle={handle}>
        {(shown) => (
          <>
            <Standing message={shown} />
            <ActsCard key={isFinal(shown.status) ? "final" : "open"} message={shown} onDone={handle.reload} />
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
