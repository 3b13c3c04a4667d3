import { useState } from "preact/hooks";
import { names } from "../../../domain/access/admission.ts";
import { domainEntry } from "../../../domain/address.ts";
import { fieldFailures } from "../../api/failure.ts";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { session } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { entriesOf } from "../server/draft.ts";

const LISTS = ["operators", "members", "callers"] as const;
const POINTERS = [...LISTS.map((list) => `/${list}`), "/retentionDays"];

type Draft = Readonly<Record<(typeof LISTS)[number] | "retentionDays", string>>;

const draftOf = (settings: Settings): Draft => ({
  operators: settings.operators.join("\n"),
  members: settings.members.join("\n"),
  callers: settings.callers.join("\n"),
  retentionDays: String(settings.retentionDays),
});

const same = (one: Draft, other: Draft): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Sends only what was changed, so that two people can change two things at once. */
const patchOf = (before: Draft, after: Draft): Partial<Settings> => ({
  ...Object.fromEntries(
    LISTS.filter((list) => after[list] !== before[list]).map((list) => [list, entriesOf(after[list])]),
  ),
  ...(after.retentionDays !== before.retentionDays && { retentionDays: Number(after.retentionDays) }),
});

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** The address of the signed-in operator if this change would remove them from the list, else null. */
const removedOperator = (before: Draft, after: Draft): string | null => {
  const state = session.value;
  if (state.kind !== "signed_in") return null;
  const { actor } = state.session;
  // A domain entry matches the person's Workspace domain; an alias in another domain does not show it.
  const account = { email: actor, hostedDomain: domainEntry(actor).slice(1) };
  const isOperatorIn = ({ operators }: Draft) => names(entriesOf(operators), account);
  return isOperatorIn(before) && !isOperatorIn(after) ? actor : null;
};

/** Who may do what, and how long messages are kept. */
export const PeopleCard = ({ settings, onSaved }: Props) => {
  const [base, setBase] = useState(() => draftOf(settings));
  const { draft, setDraft, resumed } = useDraft("people", base);
  const [saved, setSaved] = useState(false);
  const now = draftOf(settings);
  // Somebody else changed the settings, and nothing typed here would be lost.
  if (same(draft, base) && !same(now, base)) {
    setBase(now);
    setDraft(now);
  }
  const save = useAction(() => api.settings.change(patchOf(base, draft)));
  const form = useFirstRefused(save.failure);
  const [confirming, setConfirming] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const out = removedOperator(base, draft);
    if (out === null) void store();
    else setConfirming(out);
  };
  const store = async () => {
    setConfirming(null);
    setSaved(false);
    const result = await save.run();
    if (!result?.ok) return;
    setBase(draftOf(result.value));
    setDraft(draftOf(result.value));
    setSaved(true);
    onSaved(result.value);
  };
  return (
    <Card title={t("people.title")}>
      <form ref={form} onSubmit={submit}>
        <Resumed resumed={resumed} />
        {LISTS.map((list) => (
          <Field
            key={list}
            label={t(`people.${list}`)}
            hint={t(`people.${list}Hint`)}
            error={fieldFailures(save.failure, `/${list}`)}
          >
            {(control) => (
              <textarea
                {...control}
                rows={3}
                spellcheck={false}
                value={draft[list]}
                onInput={(e) => setDraft({ ...draft, [list]: e.currentTarget.value })}
              />
            )}
          </Field>
        ))}
        <Field
          label={t("people.retention")}
          hint={t("people.retentionHint")}
          error={fieldFailures(save.failure, "/retentionDays")}
        >
          {(control) => (
            <input
              {...control}
              type="number"
              min="1"
              max="3650"
              step="1"
              required
              value={draft.retentionDays}
              onInput={(e) => setDraft({ ...draft, retentionDays: e.currentTarget.value })}
            />
          )}
        </Field>
        {save.failure && <ProblemNotice failure={save.failure} shown={POINTERS} />}
        <div class="actions">
          <Submit label={t("action.save")} busy={save.busy} />
        </div>
        {saved && <Notice tone="good" title={t("state.saved")} />}
      </form>
      <Confirm
        open={confirming !== null}
        title={t("people.outTitle")}
        confirmLabel={t("people.out")}
        danger
        busy={save.busy}
        failure={null}
        onConfirm={() => void store()}
        onClose={() => setConfirming(null)}
      >
        <p>{t("people.outText", { address: confirming ?? "" })}</p>
      </Confirm>
    </Card>
  );
};
