import { useState } from "preact/hooks";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { number, t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { session } from "../../state/session-signal.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";
import { type Column, Sheet } from "../../widgets/sheet.tsx";
import { Ago, When } from "../../widgets/time.tsx";
import { peopleIn, type SignedInPerson } from "./people.ts";

const REFRESH_MS = 15_000;

const SETUP = "setup-token";

const isMyself = (actor: string): boolean =>
  session.value.kind === "signed_in" && session.value.session.actor === actor;

const Person = ({ actor }: { readonly actor: string }) => (
  <>
    {actor === SETUP ? t("session.setupUser") : actor}
    {isMyself(actor) && <span class="fine"> {t("sessions.you")}</span>}
  </>
);

const columnsWith = (onEnd: (actor: string) => void): readonly Column<SignedInPerson>[] => [
  { label: t("sessions.person"), cell: ({ actor }) => <Person actor={actor} /> },
  { label: t("sessions.role"), cell: ({ role }) => t(`role.${role}`) },
  { label: t("sessions.since"), cell: ({ since }) => <When iso={since} /> },
  { label: t("sessions.lastSeen"), cell: ({ lastSeenAt }) => <Ago iso={lastSeenAt} /> },
  { label: t("sessions.browsers"), cell: ({ sessions }) => number(sessions) },
  {
    label: t("sessions.end"),
    isActions: true,
    cell: ({ actor }) =>
      actor === SETUP ? (
        <span class="fine">{t("sessions.setupEnds")}</span>
      ) : (
        <button
          type="button"
          class="button small danger"
          aria-label={t("sessions.endOf", { actor })}
          onClick={() => onEnd(actor)}
        >
          {t("sessions.end")}
        </button>
      ),
  },
];

/** Who is signed in, and how to put someone out of every browser at once. */
export const SessionsCard = () => {
  const sessions = useRemote("sessions", (signal) => api.sessions.list(signal), { everyMs: REFRESH_MS });
  const [ending, setEnding] = useState<string | null>(null);
  const end = useAction((actor: string) => api.sessions.end(actor));
  const confirm = async () => {
    if (ending === null) return;
    const result = await end.run(ending);
    if (result?.ok) setEnding(null);
    await sessions.reload();
  };
  const open = (actor: string) => {
    end.clear();
    setEnding(actor);
  };
  return (
    <Card title={t("sessions.title")} actions={<a href="/settings#people">{t("sessions.access")}</a>}>
      <RemoteView handle={sessions}>
        {({ items }) => (
          <Sheet
            label={t("sessions.title")}
            columns={columnsWith(open)}
            items={peopleIn(items)}
            keyOf={({ actor }) => actor}
          />
        )}
      </RemoteView>
      <Confirm
        open={ending !== null}
        title={t("sessions.endTitle", { actor: ending ?? "" })}
        confirmLabel={t("sessions.end")}
        danger
        busy={end.busy}
        failure={end.failure}
        onConfirm={() => void confirm()}
        onClose={() => setEnding(null)}
      >
        <p>{t(ending !== null && isMyself(ending) ? "sessions.endOwnText" : "sessions.endText")}</p>
      </Confirm>
    </Card>
  );
};
