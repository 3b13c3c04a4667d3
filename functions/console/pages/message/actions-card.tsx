import { useState } from "preact/hooks";
import { commandsFor, type MessageCommand } from "../../../domain/messages/statuses.ts";
import { fieldFailures } from "../../api/failure.ts";
import type { Message } from "../../api/types.ts";
import { instantOf, LAST_MINUTE, localInputValue, timeZone } from "../../i18n/time.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { ExternalLink } from "../../widgets/external-link.tsx";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { isAddressRefused } from "./history.ts";
import { Resend } from "./resend.tsx";

interface Props {
  readonly message: Message;
  readonly onDone: () => Promise<void>;
}

const Cancel = ({ message, onDone }: Props) => {
  const [confirming, setConfirming] = useState(false);
  const cancel = useAction(() => api.messages.cancel(message.id));
  const ask = () => {
    cancel.clear();
    setConfirming(true);
  };
  const confirm = async () => {
    const result = await cancel.run();
    if (result?.ok) setConfirming(false);
    await onDone();
  };
  return (
    <>
      <div class="actions">
        <button type="button" class="button danger" onClick={ask}>
          {t("message.cancel")}
        </button>
      </div>
      <Confirm
        open={confirming}
        title={t("message.cancelTitle")}
        confirmLabel={t("message.cancel")}
        danger
        busy={cancel.busy}
        failure={cancel.failure}
        onConfirm={() => void confirm()}
        onClose={() => setConfirming(false)}
      >
        <p>{t("message.cancelText")}</p>
      </Confirm>
    </>
  );
};

/** Retrying, and sending to another address: both need the content. */
const Retry = ({ message, onDone }: Props) => {
  const retry = useAction(() => api.messages.retry(message.id));
  const run = async () => {
    await retry.run();
    await onDone();
  };
  // Once Gmail has said that there is no such address, another one helps sooner than another try.
  const gone = isAddressRefused(message);
  return (
    <>
      <p>{t(gone ? "message.retryAddressText" : "message.retryText")}</p>
      <div class="actions">
        {gone && <Resend message={message} primary />}
        <button
          type="button"
          class={gone ? "button" : "button primary"}
          aria-disabled={retry.busy}
          onClick={() => void run()}
        >
          {retry.busy ? t("state.working") : t("message.retry")}
        </button>
        {!gone && <Resend message={message} primary={false} />}
      </div>
      {retry.failure && <ProblemNotice failure={retry.failure} />}
    </>
  );
};

/** Gmail's search for one Message-ID in the mail that the account has sent (support.google.com/mail/answer/7190). */
const sentMailHref = (account: string, messageId: string): string => {
  const search = `in:sent rfc822msgid:${messageId.replace(/^<|>$/g, "")}`;
  return `https://mail.google.com/mail/u/?authuser=${encodeURIComponent(account)}#search/${encodeURIComponent(search)}`;
};

const SentMail = ({ message }: Pick<Props, "message">) => {
  const { remote } = useRemote(`account of ${message.server}`, (signal) => api.servers.get(message.server, signal));
  if (remote.phase !== "ready") return null;
  return (
    <p>
      <ExternalLink href={sentMailHref(remote.value.username, message.messageId)}>{t("message.sentMail")}</ExternalLink>
    </p>
  );
};

const RESOLUTIONS = ["sent", "resend", "failed"] as const;

const Resolve = ({ message, onDone }: Props) => {
  const resolve = useAction((as: (typeof RESOLUTIONS)[number]) => api.messages.resolve(message.id, as));
  const run = async (as: (typeof RESOLUTIONS)[number]) => {
    await resolve.run(as);
    await onDone();
  };
  return (
    <>
      <p>{t("message.resolveText")}</p>
      <SentMail message={message} />
      <ul class="rows">
        {RESOLUTIONS.map((as) => (
          <li key={as}>
            <p>{t(`message.resolve.${as}Hint`)}</p>
            <button type="button" class="button" aria-disabled={resolve.busy} onClick={() => void run(as)}>
              {t(`message.resolve.${as}`)}
            </button>
          </li>
        ))}
      </ul>
      {resolve.failure && <ProblemNotice failure={resolve.failure} />}
    </>
  );
};

const Reschedule = ({ message, onDone }: Props) => {
  const planned = localInputValue(new Date(message.scheduledAt ?? Date.now()));
  const { draft, setDraft, resumed } = useDraft("time", { at: planned });
  const change = useAction((local: string) => api.messages.reschedule(message.id, instantOf(local)));
  const [saved, setSaved] = useState(false);
  const form = useFirstRefused(change.failure);
  const submit = async (event: Event) => {
    event.preventDefault();
    setSaved(false);
    const result = await change.run(draft.at);
    setSaved(result?.ok === true);
    await onDone();
  };
  return (
    <form ref={form} onSubmit={(event) => void submit(event)}>
      <Resumed resumed={resumed} />
      <Field
        label={t("message.newTime")}
        hint={t("message.newTimeHint", { zone: timeZone() })}
        error={fieldFailures(change.failure, "/scheduledAt")}
      >
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            required
            max={LAST_MINUTE}
            value={draft.at}
            onInput={(event) => {
              setSaved(false);
              setDraft({ at: event.currentTarget.value });
            }}
          />
        )}
      </Field>
      <div class="actions">
        <Submit label={t("message.reschedule")} busy={change.busy} />
      </div>
      {change.failure && <ProblemNotice failure={change.failure} shown={["/scheduledAt"]} />}
      {saved && <Notice tone="good" title={t("state.saved")} />}
    </form>
  );
};

const ACTIONS = {
  cancel: Cancel,
  retry: Retry,
  // Beside retrying, for the same messages.
  resend: () => null,
  resolve: Resolve,
  reschedule: Reschedule,
} as const satisfies Record<MessageCommand, unknown>;

const NEED_CONTENT: readonly MessageCommand[] = ["retry", "resend"];

export const ActionsCard = ({ message, onDone }: Props) => {
  const actions = commandsFor(message.status).filter((action) => message.hasContent || !NEED_CONTENT.includes(action));
  if (actions.length === 0) return null;
  return (
    <Card title={t("message.acts")}>
      {actions.map((action) => {
        const Action = ACTIONS[action];
        return <Action key={action} message={message} onDone={onDone} />;
      })}
    </Card>
  );
};
