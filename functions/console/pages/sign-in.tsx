import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { googleSignInHref, leavesConsole, safeNext } from "../routing/next.ts";
import { useAction } from "../state/action.ts";
import { t } from "../state/language.ts";
import { openSession, setupFailure } from "../state/session.ts";
import { session } from "../state/session-signal.ts";
import { Field } from "../widgets/field.tsx";
import { Notice, ProblemNotice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { Submit } from "../widgets/submit.tsx";

const useLeaveWhenSignedIn = (next: string) => {
  const { route } = useLocation();
  const { kind } = session.value;
  useEffect(() => {
    if (kind !== "signed_in") return;
    if (leavesConsole(next)) location.assign(next);
    else route(next, true);
  }, [kind, next]);
};

export const SignInPage = () => {
  const next = safeNext(useLocation().query.next);
  useLeaveWhenSignedIn(next);
  const [token, setToken] = useState("");
  const open = useAction(openSession);
  const submit = (event: Event) => {
    event.preventDefault();
    setupFailure.value = null;
    if (token.trim() !== "") void open.run(token.trim());
  };
  const state = session.value;
  const failure = open.failure ?? setupFailure.value;
  return (
    <div class="narrow">
      <Page title={t("signIn.title")} lead={t("signIn.lead")}>
        {state.kind === "signed_out" && state.ended && (
          <Notice tone="info" title={t("signIn.ended")}>
            <p>{t("signIn.endedText")}</p>
          </Notice>
        )}
        <p>
          <a class="button primary wide" href={googleSignInHref(next)}>
            {t("signIn.google")}
          </a>
        </p>
        <p class="hint">{t("signIn.googleHint")}</p>
        <details class="card" open={failure !== null || undefined}>
          <summary>{t("signIn.setup")}</summary>
          <form onSubmit={submit}>
            <Field label={t("signIn.token")} hint={t("signIn.tokenHint")}>
              {(control) => (
                <input
                  {...control}
                  type="password"
                  autocomplete="off"
                  spellcheck={false}
                  required
                  value={token}
                  onInput={(event) => setToken(event.currentTarget.value)}
                />
              )}
            </Field>
            {failure && (
              <ProblemNotice
                failure={failure}
                explain={{ title: t("signIn.tokenRefusedTitle"), advice: t("signIn.tokenRefused") }}
              />
            )}
            <div class="actions">
              <Submit label={t("signIn.withToken")} busy={open.busy} />
            </div>
          </form>
        </details>
      </Page>
    </div>
  );
};
