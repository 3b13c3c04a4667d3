import { useLocation } from "preact-iso/router";
import type { MailServer } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { language, t } from "../../state/language.ts";
import { Notice } from "../../widgets/notice.tsx";
import { ConnectLink } from "./connect-link.tsx";

const Dismiss = () => {
  const { path, route } = useLocation();
  return (
    <button type="button" class="button" onClick={() => route(path, true)}>
      {t("action.dismiss")}
    </button>
  );
};

/** Why a consent failed, as `confirm-callback` reports it in the URL. */
export const ConsentProblem = ({ server, code }: { readonly server: MailServer; readonly code: string }) => {
  const { title, advice } = problemText(code, language.value);
  const otherAccount = code === "account_mismatch";
  return (
    <Notice
      tone="bad"
      title={title}
      actions={
        <>
          <ConnectLink
            server={server}
            class="button primary"
            label={otherAccount ? t("connect.another") : t("connect.retry")}
          />
          <Dismiss />
        </>
      }
    >
      {otherAccount && <p>{t("connect.expected", { username: server.username })}</p>}
      <p>{advice}</p>
    </Notice>
  );
};

export const NowConnected = () => (
  <Notice tone="good" title={t("connection.nowConnected")} actions={<Dismiss />}>
    <p>{t("connection.nowConnectedText")}</p>
  </Notice>
);
