import type { IssuedKey, NewApiKey } from "../../api/types.ts";
import { instantOf } from "../../i18n/time.ts";
import type { Action } from "../../state/action.ts";
import type { Draft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { BLANK, type KeyDraft, KeyFields } from "./key-fields.tsx";

const keyOf = ({ name, server, permissions, expires }: KeyDraft): NewApiKey => ({
  name: name.trim(),
  permissions,
  ...(server !== "" && { servers: [server] }),
  // The key is valid until the end of that day in the person's time zone.
  ...(expires !== "" && { expiresAt: instantOf(`${expires}T23:59:59`) }),
});

interface Props {
  readonly draft: Draft<KeyDraft>;
  readonly make: Action<readonly [NewApiKey], IssuedKey>;
  readonly onMade: (made: IssuedKey) => void;
  readonly onCancel: () => void;
}

export const KeyForm = ({ draft: { draft, setDraft, resumed }, make, onMade, onCancel }: Props) => {
  const form = useFirstRefused(make.failure);
  const submit = async (event: Event) => {
    event.preventDefault();
    const result = await make.run(keyOf(draft));
    if (!result?.ok) return;
    setDraft(BLANK);
    onMade(result.value);
  };
  return (
    <form ref={form} onSubmit={(event) => void submit(event)}>
      <Resumed resumed={resumed} />
      <KeyFields draft={draft} setDraft={setDraft} failure={make.failure} />
      {make.failure && (
        <ProblemNotice failure={make.failure} shown={["/name", "/servers", "/permissions", "/expiresAt"]} />
      )}
      <div class="actions end">
        <button type="button" class="button" aria-disabled={make.busy} onClick={() => !make.busy && onCancel()}>
          {t("action.cancel")}
        </button>
        <Submit label={t("key.make")} busy={make.busy} />
      </div>
    </form>
  );
};
