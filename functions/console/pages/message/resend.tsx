import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { fieldFailures } from "../../api/failure.ts";
import type { Message, SentMessage } from "../../api/types.ts";
import { type Action, useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Dialog } from "../../widgets/dialog.tsx";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { Submit } from "../../widgets/submit.tsx";

interface FormProps {
  readonly resend: Action<readonly [to: string, key: string], SentMessage>;
  readonly onClose: () => void;
}

const ResendForm = ({ resend, onClose }: FormProps) => {
  const { route } = useLocation();
  const [to, setTo] = useState("");
  // Repeating after a lost response must not send twice; another address needs a new key.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const form = useFirstRefused(resend.failure);
  const submit = async (event: Event) => {
    event.preventDefault();
    const result = await resend.run(to, key);
    if (result?.ok) route(`/messages/${result.value.id}`);
  };
  return (
    <form ref={form} onSubmit={(event) => void submit(event)}>
      <p>{t("resend.text")}</p>
      <Field label={t("resend.to")} error={fieldFailures(resend.failure, "/to")}>
        {(control) => (
          <input
            {...control}
            type="email"
            multiple
            required
            autocomplete="off"
            value={to}
            onInput={(event) => {
              setTo(event.currentTarget.value);
              setKey(crypto.randomUUID());
            }}
          />
        )}
      </Field>
      {resend.failure && <ProblemNotice failure={resend.failure} shown={["/to"]} />}
      <div class="actions end">
        <button type="button" class="button" aria-disabled={resend.busy} onClick={() => !resend.busy && onClose()}>
          {t("action.cancel")}
        </button>
        <Submit label={t("mail.send")} busy={resend.busy} />
      </div>
    </form>
  );
};

/** Sends the content of a failed message to someone else, as a new message. */
export const Resend = ({ message, primary }: { readonly message: Message; readonly primary: boolean }) => {
  const [open, setOpen] = useState(false);
  const resend = useAction((to: string, key: string) => api.messages.resend(message.id, to, key));
  const close = () => {
    resend.clear();
    setOpen(false);
  };
  return (
    <>
      <button type="button" class={primary ? "button primary" : "button"} onClick={() => setOpen(true)}>
        {t("resend.action")}
      </button>
      <Dialog open={open} title={t("resend.title")} busy={resend.busy} onClose={close}>
        <ResendForm resend={resend} onClose={close} />
      </Dialog>
    </>
  );
};
