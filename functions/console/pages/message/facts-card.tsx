import type { ComponentChildren } from "preact";
import type { Message } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { bytes, t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { useServerNames } from "../../state/server-names.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { CopyButton } from "../../widgets/copy-button.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { When } from "../../widgets/time.tsx";
import { Addresses } from "./addresses.tsx";
import { refusedOf } from "./history.ts";
import { RefusedRecipients } from "./refused-recipients.tsx";

interface FactProps {
  readonly name: string;
  /** Spans two columns, for a long value without spaces. */
  readonly broad?: boolean;
  readonly children: ComponentChildren;
}

const Fact = ({ name, broad, children }: FactProps) => (
  <div class={broad ? "broad" : undefined}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const ServerLink = ({ id }: { readonly id: string }) => <a href={`/servers/${id}`}>{useServerNames()(id)}</a>;

/** The key's name; its id once it has been revoked. */
const KeyName = ({ id }: { readonly id: string }) => {
  const { remote } = useRemote("keys", (signal) => api.keys.list(signal));
  const name = remote.phase === "ready" ? remote.value.items.find((key) => key.id === id)?.name : undefined;
  return <a href={`/messages?key=${encodeURIComponent(id)}`}>{name ?? id}</a>;
};

/** Each leads to the messages with the same. */
const Tags = ({ tags }: Pick<Message, "tags">) => (
  <>
    {Object.entries(tags).map(([name, value]) => (
      <a key={name} class="tag" href={`/messages?tag=${encodeURIComponent(`${name}=${value}`)}`}>
        {name}={value}
      </a>
    ))}
  </>
);

const Copied = ({ text }: { readonly text: string }) => (
  <span class="copy-row">
    <span class="mono">{text}</span> <CopyButton text={text} />
  </span>
);

/** A longer subject may be cut off in the page's heading. */
const HEADING_ROOM = 80;

export const FactsCard = ({ message, message: { subject } }: { readonly message: Message }) => (
  <Card title={t("message.facts")}>
    <dl class="facts">
      {subject.length > HEADING_ROOM && (
        <Fact name={t("mail.subject")} broad>
          {subject}
        </Fact>
      )}
      <Fact name={t("message.from")}>{message.from}</Fact>
      {(["to", "cc", "bcc"] as const).map((header) => {
        const addresses = message[header];
        return (
          addresses.length > 0 && (
            <Fact key={header} name={t(`message.${header}`)} broad={addresses.length > 2}>
              <Addresses addresses={addresses} />
            </Fact>
          )
        );
      })}
      <Fact name={t("message.server")}>
        <ServerLink id={message.server} />
      </Fact>
      <Fact name={t("message.createdAt")}>
        <When iso={message.createdAt} />
      </Fact>
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
      {message.key !== null && isOperator() && (
        <Fact name={t("message.key")}>
          <KeyName id={message.key} />
        </Fact>
      )}
      <Fact name={t("message.size")}>{bytes(message.sizeBytes)}</Fact>
      {Object.keys(message.tags).length > 0 && (
        <Fact name={t("message.tags")} broad>
          <Tags tags={message.tags} />
        </Fact>
      )}
      <Fact name={t("message.id")} broad>
        <Copied text={message.id} />
      </Fact>
      <Fact name="Message-ID" broad>
        <Copied text={message.messageId} />
      </Fact>
    </dl>
    {message.status !== "sent" && message.recipients.length > 1 && refusedOf(message).length > 0 && (
      <Notice tone="warn" title={t("message.refused")} live={false}>
        <RefusedRecipients message={message} />
      </Notice>
    )}
  </Card>
);
