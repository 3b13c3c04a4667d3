import { useState } from "preact/hooks";
import type { IssuedKey, NewApiKey } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { type Draft, useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Badge } from "../../widgets/badge.tsx";
import { CopyButton } from "../../widgets/copy-button.tsx";
import { Dialog } from "../../widgets/dialog.tsx";
import { FirstCall } from "./first-call.tsx";
import { BLANK, type KeyDraft } from "./key-fields.tsx";
import { KeyForm } from "./key-form.tsx";

export const useKeyDraft = (): Draft<KeyDraft> => useDraft("key", BLANK);

const LOOK_EVERY_MS = 2_000;

/** Turns green once a program has called with the key, so that nobody has to guess whether it was pasted right. */
const FirstUse = ({ id }: { readonly id: string }) => {
  const { remote } = useRemote("use of the key", (signal) => api.keys.list(signal), { everyMs: LOOK_EVERY_MS });
  const isUsed = remote.phase === "ready" && remote.value.items.some((key) => key.id === id && key.lastUsedAt !== null);
  return (
    <p role="status">
      {isUsed ? (
        <Badge tone="good" icon="check" text={t("key.firstUsed")} />
      ) : (
        <Badge tone="neutral" icon="clock" text={t("key.waiting")} />
      )}
    </p>
  );
};

const Made = ({ made, onClose }: { readonly made: IssuedKey; readonly onClose: () => void }) => (
  <>
    <p>{t("key.madeText")}</p>
    <p class="copy-row">
      <code>{made.key}</code>
      <CopyButton text={made.key} />
    </p>
    {made.permissions.includes("send") && (
      <>
        <FirstCall apiKey={made.key} />
        <FirstUse id={made.id} />
      </>
    )}
    <div class="actions end">
      <button type="button" class="button primary" onClick={onClose}>
        {t("key.hide")}
      </button>
    </div>
  </>
);

interface Props {
  readonly draft: Draft<KeyDraft>;
  readonly open: boolean;
  readonly onMade: () => Promise<void>;
  readonly onClose: () => void;
}

/** Makes a key and shows it once: it is stored nowhere, not even on this page once the dialog is closed. */
export const NewKey = ({ draft, open, onMade, onClose }: Props) => {
  const [made, setMade] = useState<IssuedKey | null>(null);
  const make = useAction((key: NewApiKey) => api.keys.make(key));
  const close = () => {
    setMade(null);
    make.clear();
    onClose();
  };
  const show = (key: IssuedKey) => {
    setMade(key);
    void onMade();
  };
  return (
    <Dialog open={open} wide title={made === null ? t("key.new") : t("key.made")} busy={make.busy} onClose={close}>
      {made === null ? (
        <KeyForm draft={draft} make={make} onMade={show} onCancel={close} />
      ) : (
        <Made made={made} onClose={close} />
      )}
    </Dialog>
  );
};
