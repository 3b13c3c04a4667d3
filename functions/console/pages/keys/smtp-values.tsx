import type { ComponentChildren } from "preact";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { CopyButton } from "../../widgets/copy-button.tsx";

/** The username with which Relais chooses the mail server by From. */
const USERNAME = "relais";

const Fact = ({ term, children }: { readonly term: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
);

const Copied = ({ text }: { readonly text: string }) => (
  <span class="copy-row">
    <code>{text}</code>
    <CopyButton text={text} />
  </span>
);

interface Props {
  /** Whether a key that was just made is shown above. */
  readonly hasKey: boolean;
}

/** What to enter in a program that speaks only SMTP, beside a key. */
export const SmtpValues = ({ hasKey }: Props) => {
  const settings = useRemote("settings for SMTP", (signal) => api.settings.get(signal)).remote;
  if (settings.phase !== "ready") return null;
  const { smtpDoor: door } = settings.value;
  return (
    <>
      <p>{t(door === null ? "smtp.elsewhere" : "smtp.here")}</p>
      <dl class="facts">
        {door !== null && (
          <>
            <Fact term={t("smtp.host")}>
              <Copied text={door.host} />
            </Fact>
            <Fact term={t("smtp.port")}>
              <Copied text={String(door.port)} />
            </Fact>
          </>
        )}
        <Fact term={t("smtp.encryption")}>{t(door === null ? "smtp.withEncryption" : "smtp.noEncryption")}</Fact>
        <Fact term={t("smtp.username")}>
          <Copied text={USERNAME} />
          <span class="fine">{t("smtp.usernameHint")}</span>
        </Fact>
        <Fact term={t("smtp.password")}>{t(hasKey ? "smtp.passwordIsKey" : "smtp.passwordIsSomeKey")}</Fact>
      </dl>
    </>
  );
};
