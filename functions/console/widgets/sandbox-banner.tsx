import { t } from "../state/language.ts";
import { useSandbox } from "../state/sandbox.ts";

/** Says on every page that Google is only played here, where the mail is, and how to use the real one. */
export const SandboxBanner = () => {
  const sandbox = useSandbox();
  if (!sandbox) return null;
  return (
    <aside class="sandbox" aria-label={t("sandbox.title")}>
      <strong>{t("sandbox.title")}</strong> {t("sandbox.text")}{" "}
      <a href={sandbox.mailboxUrl} target="_blank" rel="noreferrer">
        {t("sandbox.mailbox")}
        <span class="visually-hidden">{t("link.newTab")}</span>
      </a>
      <details>
        <summary>{t("sandbox.real")}</summary>
        <p>
          {t("sandbox.realText")} <code>npm start -- --real-google client_secret.json</code>
        </p>
      </details>
    </aside>
  );
};
