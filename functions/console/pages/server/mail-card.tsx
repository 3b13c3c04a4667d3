import { useState } from "preact/hooks";
import { type ApiFailure, fieldFailures } from "../../api/failure.ts";
import type { MailServer, NewMessage, SentMessage } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useDraft } from "../../state/draft.ts";
import { t, tOr } from "../../state/language.ts";
import { MessageBadge } from "../../widgets/badge.tsx";
import { Card } from "../../widgets/card.tsx";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { messageLook } from "../../widgets/looks.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { refusedOfSent } from "../message/history.ts";

const Sent = ({ message }: { readonly message: SentMessage }) => (
  <Notice
    tone={refusedOfSent(message) > 0 ? "warn" : messageLook(message.status).notice}
    title={
      refusedOfSent(message) > 0
        ? t("message.says.partlySent")
        : tOr(`message.says.${message.status}`, t("message.says.later"))
    }
  >
    <p>
      <MessageBadge status={message.status} refused={refusedOfSent(message)} />{" "}
      <a href={`/messages/${message.id}`}>{t("mail.follow")}</a>
    </p>
    <p class="fine mono">{message.messageId}</p>
  </Notice>
);

interface Typed {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

interface FieldsProps {
  readonly mail: Typed;
  readonly set: (change: Partial<Typed>) => void;
  readonly failure: ApiFailure | null;
}

const MailFields = ({ mail, set, failure }: FieldsProps) => (
  <div class="form-grid">
    <Field label={t("mail.to")} error={fieldFailures(failure, "/to")}>
      {(control) => (
        <input {...control} type="email" required value={mail.to} onInput={(e) => set({ to: e.currentTarget.value })} />
      )}
    </Field>
    <Field label={t("mail.subject")} error={fieldFailures(failure, "/subject")}>
      {(control) => (
        <input {...control} required value={mail.subject} onInput={(e) => set({ subject: e.currentTarget.value })} />
      )}
    </Field>
    <div class="whole">
      <Field label={t("mail.text")} error={fieldFailures(failure, "/text")}>
        {(control) => (
          <textarea {...control} required value={mail.text} onInput={(e) => set({ text: e.currentTarget.value })} />
        )}
      </Field>
    </div>
  </div>
);

interface Props {
  readonly server: MailServer;
  /** Whether sending is what the page is for; otherwise something else must be done first. */
  readonly primary: boolean;
  /** Called after each mail, which may have changed the badge and counts against the limits. */
  readonly onSent: () => Promise<void>;
}

/** Sends a short mail to anyone, through the same API that programs use. */
export const MailCard = ({ server, primary, onSent }: Props) => {
  const {
    draft: mail,
    setDraft: setMail,
    resumed,
  } = useDraft("mail", {
    to: server.username,
    subject: t("mail.subjectDefault"),
    text: t("mail.textDefault"),
  });
  const [sent, setSent] = useState<SentMessage | null>(null);
  // Repeating after a lost response must not send twice; a changed or new mail needs a new key.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const send = useAction((message: NewMessage) => api.messages.send(message, key));
  const form = useFirstRefused(send.failure);
  const set = (change: Partial<typeof mail>) => {
    setMail((before) => ({ ...before, ...change }));
    setKey(crypto.randomUUID());
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setSent(null);
    const result = await send.run({ server: server.id, ...mail });
    if (!result?.ok) return;
    setSent(result.value);
    setKey(crypto.randomUUID());
    await onSent();
  };
  return (
    <Card title={t("mail.title")}>
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <Resumed resumed={resumed} />
        <MailFields mail={mail} set={set} failure={send.failure} />
        <div class="actions">
          <Submit label={t("mail.send")} busy={send.busy} primary={primary} />
        </div>
        {send.busy && (
          <p class="fine" role="status">
            {t("mail.sending")}
          </p>
        )}
        {send.failure && <ProblemNotice failure={send.failure} shown={["/to", "/subject", "/text"]} />}
        {sent && <Sent message={sent} />}
      </form>
    </Card>
  );
};
